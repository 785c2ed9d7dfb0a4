using Llm42.ChatTemplates;

namespace Llm42.Tests.ChatTemplates;

/// <summary>Damaged templates: an error that says where, and nothing worse.</summary>
[TestClass]
public sealed class MalformedTemplateTests
{
    private const string Fragments = "{{ }} {% %} {# #} - + ( ) [ ] { } | . , : ~ ** // == 'a' \"b\" \\ 1 1.5 if else for in is not set endif endfor macro endmacro call raw endraw loop messages namespace \n";

    [TestMethod]
    public void The_unchanged_template_renders()
    {
        const string Expected = "<|im_start|>system\ns\n\n# Tools\n<tools>\n{\n  \"type\": \"function\",\n  \"function\": {\n    \"name\": \"f\"\n  }\n}\n</tools><|im_end|>\n"
            + "<|im_start|>system\ns<|im_end|>\n<|im_start|>user\nhi 😀<|im_end|>\n<|im_start|>assistant\nb<|im_end|>\nf(a=1.5, b=None)<|im_start|>user\nx<|im_end|>\n"
            + "<|im_start|>assistant\n<think>\n\n</think>\n\n";
        Assert.AreEqual(Expected, Templates.Render(Templates.Typical, Templates.TypicalRequest));
    }

    [TestMethod]
    [DataRow("a\n  {{ b c }}", 2, 8)]
    [DataRow("{% if x %}\n\n{% nope %}", 3, 4)]
    [DataRow("\r\n\r\n{{ 'abc }}", 3, 4)]
    [DataRow("x\n{{ messages.x.y }}", 2, 14)]
    [DataRow("x\n{{ 1 }}{{ 1 + 'a' }}", 2, 13)]
    [DataRow("{% for x in 5 %}{% endfor %}", 1, 4)]
    [DataRow("{# no end", 1, 1)]
    [DataRow("a\nb {% raw %} no end", 2, 3)]
    [DataRow("{% if 1 %}\ntext", 2, 5)]
    [DataRow("{{ '\\xz' }}", 1, 4)]
    [DataRow("{{ '\\ud800' }}", 1, 4)]
    [DataRow("{{ '\\U00110000' }}", 1, 4)]
    [DataRow("{{ '\\N{DASH}' }}", 1, 4)]
    [DataRow("{% extends 'x' %}", 1, 4)]
    [DataRow("{{ 1|random }}", 1, 6)]
    [DataRow("{{ [1]|map('upper') }}", 1, 4)]
    public void Errors_say_where(string template, int line, int column)
    {
        ChatTemplateException error = Templates.Refused(template);
        Assert.AreEqual($"{line}:{column}", $"{error.Line}:{error.Column}", error.Message);
        StringAssert.StartsWith(error.Message, $"test, line {line}, column {column}: ", StringComparison.Ordinal);
        Assert.IsFalse(error.IsRaisedByTemplate);
    }

    [TestMethod]
    public void The_templates_own_refusal_is_its_own_words()
    {
        ChatTemplateException error = Templates.Refused("a\n{{ raise_exception('Roles must\nalternate!') }}");
        Assert.AreEqual("Roles must\nalternate!", error.Message);
        Assert.IsTrue(error.IsRaisedByTemplate);
        Assert.AreEqual(2, error.Line);
    }

    [TestMethod]
    public void A_template_cut_off_anywhere_is_refused_or_rendered()
    {
        int refused = 0;
        for (int length = 0; length < Templates.Typical.Length; length++)
            refused += Try(Templates.Typical[..length], $"{length} characters") ? 0 : 1;
        Assert.IsGreaterThan(Templates.Typical.Length * 9 / 10, refused);
    }

    [TestMethod]
    public void Characters_changed_at_random_never_crash_it()
    {
        int refused = 0;
        for (int seed = 0; seed < 1500; seed++)
        {
            var random = new Random(seed);
            char[] changed = Templates.Typical.ToCharArray();
            for (int i = random.Next(1, 4); i > 0; i--)
                changed[random.Next(changed.Length)] = random.Next(4) == 0 ? (char)random.Next(0x10000) : (char)random.Next(32, 127);
            refused += Try(new string(changed), $"seed {seed}") ? 0 : 1;
        }

        Assert.IsGreaterThan(150, refused);
    }

    [TestMethod]
    public void Fragments_in_any_order_never_crash_it()
    {
        string[] words = Fragments.Split(' ');
        for (int seed = 0; seed < 5000; seed++)
        {
            var random = new Random(seed);
            string template = (random.Next(2) == 0 ? "{{ " : "{% ") + string.Join(' ', Enumerable.Range(0, random.Next(1, 12)).Select(_ => words[random.Next(words.Length)]))
                + (random.Next(2) == 0 ? " }}" : " %}");
            Try(template, $"seed {seed}: {template}");
        }
    }

    [TestMethod]
    public void Lone_surrogates_in_a_template_are_no_crash()
    {
        foreach (string template in (string[])["\ud800", "{{ '\udc00' }}", "{{ '\ud800'|length }}", "{{ '\ud800'[0] }}", "{{ '\ud800' | reverse }}", "{{ 'a\ud800'[::-1] }}", "{{ '\ud800'|upper }}", "{{ '\ud800'.title() }}", "{{ ['\ud800'] }}", "{{ '\\\ud800' }}", "{{ '\ud800'|urlencode }}", "{{ \ud800 }}", "{{ 'ab\ud800cd'[2:] }}", "{{ '\ud800\ud800'[1] }}"])
            Try(template, string.Join(' ', template.Select(c => ((int)c).ToString("x4", System.Globalization.CultureInfo.InvariantCulture))));
    }

    private static bool Try(string template, string named)
    {
        try
        {
            Templates.Render(template, Templates.TypicalRequest);
            return true;
        }
        catch (ChatTemplateException)
        {
            return false;
        }
        catch (Exception exception)
        {
            Assert.Fail($"{named}: {exception}");
            throw;
        }
    }
}
