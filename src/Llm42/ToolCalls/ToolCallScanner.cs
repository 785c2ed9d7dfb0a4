using System.Text;
using System.Text.Json;

namespace Llm42.ToolCalls;

/// <summary>
/// Reads one call that a model writes as a JSON object, character by character: a name, and "arguments" or "parameters".
/// Where the name comes first, the arguments are known as they come.
/// </summary>
internal sealed class ToolCallScanner
{
    private const int MaxDepth = 64;

    private static readonly JsonDocumentOptions DocumentOptions = new() { MaxDepth = MaxDepth };

    private readonly JsonValueScanner _value = new();
    private readonly StringBuilder _text = new();
    private readonly StringBuilder _arguments = new();
    private Place _place = Place.Start;
    private string _key = "";
    private string? _name;
    private string? _held;

    /// <summary>How far a call has come.</summary>
    public enum Outcome
    {
        /// <summary>It goes on, or may yet become one.</summary>
        Open,

        /// <summary>It has ended.</summary>
        Ended,

        /// <summary>It is none.</summary>
        Failed,
    }

    private enum Place
    {
        Start,
        Key,
        KeyText,
        Colon,
        Value,
        Held,
        Arguments,
        Comma,
    }

    public Outcome Result { get; private set; }

    /// <summary>It is a call, whatever comes.</summary>
    public bool IsCall { get; private set; }

    /// <summary>The tool that is called.</summary>
    public string? Name => _name;

    /// <summary>Takes the arguments that came since the last time.</summary>
    public string TakeArguments()
    {
        var arguments = _arguments.ToString();
        _arguments.Clear();
        return arguments;
    }

    /// <summary>Reads a character while the outcome is open; false where it was not taken.</summary>
    public bool Read(char character)
    {
        var isBlank = character is ' ' or '\t' or '\r' or '\n';
        switch (_place)
        {
            case Place.Start:
                return isBlank || Expect(character == '{', Place.Key);
            case Place.Key:
                if (isBlank)
                    return true;
                if (!Expect(character == '"', Place.KeyText))
                    return false;
                Begin();
                return Append(character) == JsonValueScanner.Verdict.Inside;
            case Place.KeyText:
                if (Append(character) != JsonValueScanner.Verdict.Last)
                    return true;
                return Decode(_text.ToString()) is { } key ? Keep(key) : Fail();
            case Place.Colon:
                return isBlank || Expect(character == ':', Place.Value);
            case Place.Value:
                if (isBlank)
                    return true;
                Begin();
                var isStreamed = character == '{' && IsArguments && _name is not null && _held is null && !IsCall;
                _place = isStreamed ? Place.Arguments : Place.Held;
                IsCall |= isStreamed;
                return Read(character);
            case Place.Held:
                return ReadHeld(character);
            case Place.Arguments:
                var verdict = _value.Take(character);
                if (verdict == JsonValueScanner.Verdict.Wrong)
                    return Fail();
                _arguments.Append(character);
                if (verdict == JsonValueScanner.Verdict.Last)
                    _place = Place.Comma;
                return true;
            default:
                return isBlank || (character == '}' ? End() : Expect(character == ',', Place.Key));
        }
    }

    private bool IsArguments => _key is "arguments" or "parameters";

    private bool ReadHeld(char character)
    {
        var verdict = Append(character);
        if (verdict == JsonValueScanner.Verdict.Inside)
            return true;
        if (verdict == JsonValueScanner.Verdict.Wrong)
            return Fail();
        var text = _text.ToString();
        _place = Place.Comma;
        if (_key == "name" && _name is null)
        {
            _name = Decode(text);
            if (string.IsNullOrEmpty(_name))
                return Fail();
        }
        else if (IsArguments && !IsCall && _held is null)
        {
            // Some models write the object as a string that holds it.
            _held = text[0] == '"' ? Decode(text) : text;
            if (_held is null || !IsObject(_held))
                return Fail();
        }
        return verdict == JsonValueScanner.Verdict.Last;
    }

    private void Begin()
    {
        _value.Clear();
        _text.Clear();
    }

    private JsonValueScanner.Verdict Append(char character)
    {
        var verdict = _value.Take(character);
        if (verdict is JsonValueScanner.Verdict.Inside or JsonValueScanner.Verdict.Last)
            _text.Append(character);
        return verdict;
    }

    private bool Keep(string key)
    {
        _key = key;
        _place = Place.Colon;
        return true;
    }

    private bool Expect(bool isThere, Place next)
    {
        if (!isThere)
            return Fail();
        _place = next;
        return true;
    }

    private bool End()
    {
        if (!IsCall)
        {
            if (_name is null || _held is null)
                return Fail();
            IsCall = true;
            _arguments.Append(_held);
        }
        Result = Outcome.Ended;
        return true;
    }

    private bool Fail()
    {
        Result = IsCall ? Outcome.Ended : Outcome.Failed;
        return false;
    }

    private static string? Decode(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text, DocumentOptions);
            return document.RootElement.ValueKind == JsonValueKind.String ? document.RootElement.GetString() : null;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or ArgumentException)
        {
            // The latter are the reader's words for escapes, and characters, that are half a surrogate pair.
            return null;
        }
    }

    private static bool IsObject(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text, DocumentOptions);
            return document.RootElement.ValueKind == JsonValueKind.Object;
        }
        catch (Exception error) when (error is JsonException or ArgumentException)
        {
            return false;
        }
    }
}
