using System.Text;
using System.Text.Json;
using Llm42.Tokenization.Regexes;

namespace Llm42.Tokenization.Json;

/// <summary>A JSON value that knows its file and its path, so that every error can name both.</summary>
internal readonly struct JsonNode(string file, string path, JsonElement element)
{
    public JsonElement Element => element;

    public JsonValueKind Kind => element.ValueKind;

    public TokenizerFormatException Error(string problem, Exception? cause = null) => new(file, path, problem, cause);

    /// <summary>The error for a component whose "type" nothing here implements.</summary>
    public TokenizerFormatException Unsupported(string component, string type, string supported) =>
        Error($"the {component} type \"{type}\" is not supported; supported are {supported}");

    public JsonNode Required(string name) =>
        TryGet(name, out JsonNode value) ? value : throw Error($"the field \"{name}\" is missing");

    /// <summary>Gets a field; false when it is absent or null.</summary>
    public bool TryGet(string name, out JsonNode value)
    {
        Expect(JsonValueKind.Object, "an object");
        bool exists = element.TryGetProperty(name, out JsonElement found) && found.ValueKind != JsonValueKind.Null;
        value = new JsonNode(file, $"{path}.{name}", found);
        return exists;
    }

    public string String()
    {
        Expect(JsonValueKind.String, "a string");
        try
        {
            return element.GetString()!;
        }
        catch (InvalidOperationException exception)
        {
            throw Error("the string is not valid Unicode", exception);
        }
    }

    public bool Bool() => Kind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Error($"expected true or false, found {Kind}"),
    };

    public int Int(int minimum, int maximum)
    {
        Expect(JsonValueKind.Number, "a number");
        return element.TryGetInt32(out int value) && value >= minimum && value <= maximum
            ? value
            : throw Error($"expected an integer from {minimum} to {maximum}, found {Shorten(element.GetRawText())}");
    }

    public string Type() => Required("type").String();

    public string? OptionalString(string name) => TryGet(name, out JsonNode value) ? value.String() : null;

    public bool OptionalBool(string name, bool fallback) => TryGet(name, out JsonNode value) ? value.Bool() : fallback;

    /// <summary>A field that holds exactly one character.</summary>
    public char Character(string name)
    {
        JsonNode value = Required(name);
        string text = value.String();
        return text.Length == 1 ? text[0] : throw value.Error($"expected one character, found \"{Shorten(text)}\"");
    }

    /// <summary>A field that holds a string to be put into a text many times, and so must be short.</summary>
    public string ShortString(string name)
    {
        const int Longest = 100;
        JsonNode value = Required(name);
        string text = value.String();
        return text.Length <= Longest ? text : throw value.Error($"expected at most {Longest} characters, found {text.Length}");
    }

    /// <summary>A field that holds exactly one character, in the basic plane or beyond.</summary>
    public string CodePoint(string name)
    {
        JsonNode value = Required(name);
        string text = value.String();
        return text.Length == 1 || (text.Length == 2 && char.IsSurrogatePair(text, 0))
            ? text
            : throw value.Error($"expected one character, found \"{Shorten(text)}\"");
    }

    /// <summary>A pattern: {"String": ...} or {"Regex": ...}.</summary>
    public TextPattern Pattern(string name)
    {
        JsonNode value = Required(name);
        if (value.TryGet("String", out JsonNode literal))
        {
            return new LiteralTextPattern(literal.String());
        }

        JsonNode regex = value.TryGet("Regex", out JsonNode found) ? found : throw value.Error("expected {\"String\": ...} or {\"Regex\": ...}");
        try
        {
            return new RegexTextPattern(new RegexPattern(regex.String()));
        }
        catch (RegexSyntaxException exception)
        {
            throw regex.Error(exception.Message, exception);
        }
    }

    public IEnumerable<JsonNode> Items()
    {
        Expect(JsonValueKind.Array, "an array");
        return Enumerate(file, path, element);

        static IEnumerable<JsonNode> Enumerate(string file, string path, JsonElement array)
        {
            int index = 0;
            foreach (JsonElement item in array.EnumerateArray())
            {
                yield return new JsonNode(file, $"{path}[{index++}]", item);
            }
        }
    }

    public void Expect(JsonValueKind kind, string description)
    {
        if (Kind != kind)
        {
            throw Error($"expected {description}, found {(Kind == JsonValueKind.Undefined ? "nothing" : Kind.ToString())}");
        }
    }

    /// <summary>Text from the file, cut so that an error message stays readable.</summary>
    public static string Shorten(string text) => text.Length <= 60 ? text : new StringBuilder(text, 0, 57, 60).Append("...").ToString();
}
