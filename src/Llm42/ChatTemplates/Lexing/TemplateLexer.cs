using System.Text;
using Llm42.ChatTemplates.Formatting;
using Llm42.ChatTemplates.Values;

namespace Llm42.ChatTemplates.Lexing;

/// <summary>
/// Cuts a template into tokens, with trim_blocks and lstrip_blocks: the first line end behind a statement goes, and so do
/// the blanks before one that stands first in its line.
/// </summary>
internal sealed class TemplateLexer
{
    private static readonly string[] Operators =
        ["//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";"];

    private readonly string _source;
    private readonly List<Token> _tokens = [];
    private readonly Stack<char> _brackets = new();
    private int _position;

    /// <summary>Whether what was read last ended with a line end, or nothing was read yet.</summary>
    private bool _isLineStart = true;

    private TemplateLexer(string source) => _source = source;

    /// <summary>The template with line feeds for line ends and without the last of them; positions count in it.</summary>
    public static string Normalize(string template)
    {
        string source = template.Contains('\r', StringComparison.Ordinal)
            ? template.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n')
            : template;
        return source.EndsWith('\n') ? source[..^1] : source;
    }

    /// <summary>The tokens of a normalized template.</summary>
    public static List<Token> Read(string source)
    {
        var lexer = new TemplateLexer(source);
        while (lexer._position < source.Length)
            lexer.ReadText();
        lexer._tokens.Add(new Token(TokenKind.End, "", source.Length));
        return lexer._tokens;
    }

    /// <summary>Text up to the next tag, and the tag.</summary>
    private void ReadText()
    {
        int start = _position;
        int tag = NextTag(start);
        if (tag < 0)
        {
            AddData(start, _source.Length);
            _position = _source.Length;
            return;
        }

        char kind = _source[tag + 1];
        char sign = Sign(tag + 2);
        int rawBody = kind == '%' ? RawBody(tag, sign) : -1;
        AddData(start, TextEnd(start, tag, sign, isStripped: kind != '{'));
        _position = tag + (sign == '\0' ? 2 : 3);
        if (rawBody >= 0)
        {
            _isLineStart = _source[rawBody - 1] == '\n';
            ReadRaw(tag, rawBody);
        }
        else if (kind == '#')
        {
            ReadComment(tag);
        }
        else
        {
            _tokens.Add(new Token(kind == '%' ? TokenKind.BlockBegin : TokenKind.VariableBegin, _source[tag..(tag + 2)], tag));
            ReadTag(isBlock: kind == '%');
        }
    }

    private int NextTag(int from)
    {
        for (int i = _source.IndexOf('{', from); i >= 0 && i + 1 < _source.Length; i = _source.IndexOf('{', i + 1))
        {
            if (_source[i + 1] is '%' or '{' or '#')
                return i;
        }

        return -1;
    }

    private char Sign(int at) => at < _source.Length && _source[at] is '-' or '+' ? _source[at] : '\0';

    /// <summary>Where the text before a tag ends once its white space control is applied.</summary>
    private int TextEnd(int start, int tag, char sign, bool isStripped)
    {
        int end = tag;
        if (sign == '-')
        {
            while (end > start && PythonCharacters.IsSpace(_source[end - 1]))
                end--;
        }
        else if (sign != '+' && isStripped)
        {
            int line = tag == start ? start : _source.LastIndexOf('\n', tag - 1, tag - start) + 1;
            line = Math.Max(line, start);
            if ((line > start || _isLineStart) && IsAllSpace(line, tag))
                end = line;
        }

        return end;
    }

    private bool IsAllSpace(int from, int to)
    {
        for (int i = from; i < to; i++)
        {
            if (!PythonCharacters.IsSpace(_source[i]))
                return false;
        }

        return true;
    }

    private void AddData(int start, int end)
    {
        if (end > start)
            _tokens.Add(new Token(TokenKind.Data, _source[start..end], start));
    }

    /// <summary>Where the body of a raw block begins whose tag is here; -1 for another tag.</summary>
    private int RawBody(int tag, char sign)
    {
        int at = SkipSpace(tag + (sign == '\0' ? 2 : 3));
        if (!Follows(at, "raw"))
            return -1;
        at = SkipSpace(at + 3);
        if (Follows(at, "-%}"))
            return SkipSpace(at + 3);
        return Follows(at, "%}") ? at + 2 : -1;
    }

    private void ReadRaw(int tag, int body)
    {
        for (int i = _source.IndexOf("{%", body, StringComparison.Ordinal); i >= 0; i = _source.IndexOf("{%", i + 1, StringComparison.Ordinal))
        {
            char sign = Sign(i + 2);
            int at = SkipSpace(i + (sign == '\0' ? 2 : 3));
            if (!Follows(at, "endraw"))
                continue;
            int end = BlockEnd(SkipSpace(at + 6));
            if (end < 0)
                continue;
            AddData(body, TextEnd(body, i, sign, isStripped: true));
            MoveTo(end);
            return;
        }

        // The reference takes no offence at a template that ends right behind the tag.
        _position = _source.Length;
        if (body < _source.Length)
            throw new TemplateError("the raw block is not closed; {% endraw %} is missing", position: tag);
    }

    private void ReadComment(int tag)
    {
        int close = _source.IndexOf("#}", _position, StringComparison.Ordinal);
        if (close < 0 && _position == _source.Length)
            return;
        if (close < 0)
            throw new TemplateError("the comment is not closed; #} is missing", position: tag);
        char sign = close > _position ? _source[close - 1] : '\0';
        int end = close + 2;
        if (sign == '-')
            end = SkipSpace(end);
        else if (sign != '+' && Follows(end, "\n"))
            end++;
        MoveTo(end);
    }

    /// <summary>Behind the end of a statement that is here; -1 where there is none.</summary>
    private int BlockEnd(int at)
    {
        if (Follows(at, "+%}"))
            return at + 3;
        if (Follows(at, "-%}"))
            return SkipSpace(at + 3);
        if (!Follows(at, "%}"))
            return -1;
        return Follows(at + 2, "\n") ? at + 3 : at + 2;
    }

    private int VariableEnd(int at)
    {
        if (Follows(at, "-}}"))
            return SkipSpace(at + 3);
        return Follows(at, "}}") ? at + 2 : -1;
    }

    private void ReadTag(bool isBlock)
    {
        _brackets.Clear();
        while (_position < _source.Length)
        {
            int end = _brackets.Count > 0 ? -1 : isBlock ? BlockEnd(_position) : VariableEnd(_position);
            if (end >= 0)
            {
                _tokens.Add(new Token(isBlock ? TokenKind.BlockEnd : TokenKind.VariableEnd, _source[_position..end], _position));
                MoveTo(end);
                return;
            }

            if (PythonCharacters.IsSpace(_source[_position]))
                _position = SkipSpace(_position);
            else
                ReadToken();
        }
    }

    private void ReadToken()
    {
        int start = _position;
        char c = _source[start];
        if (char.IsAsciiDigit(c))
        {
            Value number = NumberLiteral.Read(_source, start, out _position);
            _tokens.Add(new Token(TokenKind.Number, _source[start.._position], start, number));
        }
        else if (c is '\'' or '"')
        {
            ReadString(c);
        }
        else if (TryReadName())
        {
        }
        else
        {
            ReadOperator();
        }
    }

    private bool TryReadName()
    {
        int start = _position;
        int end = start;
        while (end < _source.Length && Rune.DecodeFromUtf16(_source.AsSpan(end), out Rune rune, out int units) == System.Buffers.OperationStatus.Done
            && (PythonCharacters.IsWord(rune.Value) || PythonCharacters.IsIdentifierPart(rune.Value)))
            end += units;
        if (end == start)
            return false;
        string name = _source[start..end];
        if (!PythonCharacters.IsIdentifier(name))
            throw new TemplateError($"'{name}' is no name", position: start);
        _tokens.Add(new Token(TokenKind.Name, name, start));
        _position = end;
        return true;
    }

    private void ReadString(char quote)
    {
        int start = _position;
        for (int i = start + 1; i < _source.Length; i++)
        {
            if (_source[i] == '\\')
            {
                i++;
            }
            else if (_source[i] == quote)
            {
                string text = StringLiteral.Unescape(_source.AsSpan(start + 1, i - start - 1), start);
                _tokens.Add(new Token(TokenKind.String, text, start));
                _position = i + 1;
                return;
            }
        }

        throw new TemplateError($"the string is not closed; {quote} is missing", position: start);
    }

    private void ReadOperator()
    {
        int start = _position;
        foreach (string text in Operators)
        {
            if (!Follows(start, text))
                continue;
            if (text[0] is '(' or '[' or '{')
                _brackets.Push(text[0] switch { '(' => ')', '[' => ']', _ => '}' });
            else if (text[0] is ')' or ']' or '}' && (!_brackets.TryPop(out char expected) || expected != text[0]))
                throw new TemplateError(expected == '\0' ? $"unexpected '{text}'" : $"unexpected '{text}', expected '{expected}'", position: start);
            _tokens.Add(new Token(TokenKind.Operator, text, start));
            _position = start + text.Length;
            return;
        }

        throw new TemplateError($"unexpected character U+{(int)_source[start]:X4}", position: start);
    }

    private void MoveTo(int end)
    {
        _position = end;
        _isLineStart = _source[end - 1] == '\n';
    }

    private bool Follows(int at, string text) => at >= 0 && at + text.Length <= _source.Length && string.CompareOrdinal(_source, at, text, 0, text.Length) == 0;

    private int SkipSpace(int at)
    {
        while (at < _source.Length && PythonCharacters.IsSpace(_source[at]))
            at++;
        return at;
    }
}
