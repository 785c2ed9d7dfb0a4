using System.Text;
using System.Text.Json;
using Llm42.StructuredOutput;

namespace Llm42.Tests.StructuredOutput;

[TestClass]
public sealed class RefusalTests
{
    [TestMethod]
    [DataRow("""{"properties":{"a":{"uniqueItems":true}}}""", "#/properties/a", "uniqueItems is not supported")]
    [DataRow("""{"patternProperties":{}}""", "#:", "patternProperties is not supported")]
    [DataRow("""{"not":{}}""", "#:", "not is not supported")]
    [DataRow("""{"if":{}}""", "#:", "if is not supported")]
    [DataRow("""{"items":{"multipleOf":2}}""", "#/items", "multipleOf is not supported")]
    [DataRow("""{"anyOf":[{},{"contains":{}}]}""", "#/anyOf/1", "contains is not supported")]
    [DataRow("""{"type":"thing"}""", "#:", "type is \"thing\"")]
    [DataRow("""{"type":"number","minimum":0}""", "#:", "integers only")]
    [DataRow("""{"format":"email"}""", "#:", "the format email is not supported")]
    [DataRow("""{"pattern":"(?=a)"}""", "#:", "(?: are not supported")]
    [DataRow("""{"pattern":"\\b"}""", "#:", "\\b is not supported")]
    [DataRow("""{"pattern":"(a)\\1"}""", "#:", "\\1 is not supported")]
    [DataRow("""{"pattern":"a^b"}""", "#:", "at the ends")]
    [DataRow("""{"pattern":"(a*)*"}""", "#:", "may be empty")]
    [DataRow("""{"pattern":"a{2000}"}""", "#:", "0..1000")]
    [DataRow("""{"pattern":"[b-a]"}""", "#:", "range of a class")]
    [DataRow("""{"pattern":"("}""", "#:", "a ( has no )")]
    [DataRow("""{"pattern":"a","minLength":1}""", "#:", "beside pattern")]
    [DataRow("""{"enum":["a"],"minLength":1}""", "#:", "enum and const")]
    [DataRow("""{"enum":[]}""", "#:", "enum is []")]
    [DataRow("""{"minItems":2,"maxItems":1}""", "#:", "above its maximum")]
    [DataRow("""{"minItems":-1}""", "#:", "minItems is -1")]
    [DataRow("""{"oneOf":[{"type":"integer"},{"type":"number"}]}""", "#:", "alternatives 0 and 1 of oneOf")]
    [DataRow("""{"oneOf":[{"type":"object"},{"type":"object"}]}""", "#:", "alternatives 0 and 1 of oneOf")]
    [DataRow("""{"allOf":[{"pattern":"a"},{"pattern":"b"}]}""", "#", "two values of pattern")]
    [DataRow("""{"$ref":"#/$defs/x"}""", "#:", "which is not there")]
    [DataRow("""{"$ref":"http://example.com"}""", "#:", "only places in the same schema")]
    [DataRow("""{"$ref":"#"}""", "#:", "leads to itself")]
    [DataRow("""{"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/b"},"b":{"anyOf":[{"$ref":"#/$defs/a"},{"type":"null"}]}}}""", "#/$defs/b", "leads to itself")]
    [DataRow("""{"oneOf":[{"$ref":"#"},{"type":"string"}]}""", "#", "leads to itself")]
    [DataRow("""{"type":"object","properties":{"a":{"$ref":"#"}},"required":["a"]}""", "", "never ends")]
    [DataRow("""{"type":"string","allOf":[{"type":"integer"}]}""", "", "cannot hold at once")]
    [DataRow("false", "", "cannot hold at once")]
    [DataRow("7", "#:", "an object, true or false")]
    [DataRow("""{"properties":{"a":{"const":"\ud800"}}}""", "", "Unicode")]
    public void What_is_not_supported_is_refused_by_name_and_place(string schema, string place, string problem)
    {
        var error = Assert.ThrowsExactly<ArgumentException>(() => FormatTests.Of(schema));
        StringAssert.Contains(error.Message, place);
        StringAssert.Contains(error.Message, problem);
    }

    [TestMethod]
    public void A_hostile_schema_is_an_error_or_small()
    {
        string Chain(int count, Func<int, string> one) =>
            "{\"$ref\":\"#/$defs/d0\",\"$defs\":{" + string.Join(',', Enumerable.Range(0, count).Select(i => $"\"d{i}\":{one(i)}"))
            + $",\"d{count}\":{{\"type\":\"null\"}}}}}}";

        string[] schemas =
        [
            Chain(40, i => $$"""{"anyOf":[{"$ref":"#/$defs/d{{i + 1}}"},{"$ref":"#/$defs/d{{i + 1}}"}]}"""),
            Chain(4000, i => $$"""{"$ref":"#/$defs/d{{i + 1}}"}"""),
            Chain(2000, i => $$"""{"oneOf":[{"$ref":"#/$defs/d{{i + 1}}"},{"type":"string"}]}"""),
            Chain(2000, i => $$"""{"type":"null","allOf":[{"$ref":"#/$defs/d{{i + 1}}"}]}"""),
            "{\"allOf\":[" + string.Join(',', Enumerable.Repeat("{\"anyOf\":[{\"minLength\":1},{\"maxLength\":9},{\"type\":\"null\"}]}", 30)) + "]}",
            "{\"pattern\":\"" + string.Concat(Enumerable.Repeat("(?:", 30)) + "a" + string.Concat(Enumerable.Repeat("){900}", 30)) + "\"}",
            "{\"pattern\":\"" + string.Concat(Enumerable.Repeat("[\\\\w\\\\s]{1000}", 130)) + "\"}",
            "{\"enum\":[" + string.Join(',', Enumerable.Range(0, 30_000).Select(i => $"\"{i:x8}\"")) + "]}",
            "{\"properties\":{" + string.Join(',', Enumerable.Range(0, 1001).Select(i => $"\"p{i}\":{{}}")) + "}}",
            "{\"description\":\"" + new string('x', 300_000) + "\"}",
            string.Concat(Enumerable.Repeat("{\"items\":", 70)) + "{}" + new string('}', 70),
        ];
        for (int i = 0; i < schemas.Length; i++)
        {
            try
            {
                using JsonDocument document = JsonDocument.Parse(schemas[i], new JsonDocumentOptions { MaxDepth = 200 });
                Assert.IsLessThanOrEqualTo(200_000, OutputFormat.JsonSchema(document.RootElement).ToGrammar().Nodes.Length);
                Assert.IsTrue(i is 5 or 6 or 7, $"schema {i} should be refused");
            }
            catch (ArgumentException error)
            {
                Assert.IsGreaterThan(20, Encoding.UTF8.GetByteCount(error.Message));
            }
        }
    }
}
