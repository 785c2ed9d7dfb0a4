using System.Text;
using Llm42.ChatTemplates.Evaluation;
using Llm42.ChatTemplates.Formatting;
using Llm42.ChatTemplates.Methods;
using Llm42.ChatTemplates.Values;

namespace Llm42.ChatTemplates.Filters;

/// <summary>Filters that make text.</summary>
internal static class TextFilters
{
    public static void AddTo(Dictionary<string, FilterBody> filters)
    {
        filters.Add("string", "", (value, a, budget) => value is StringValue ? value : Text(value, budget));
        filters.Add("upper", "", (value, a, budget) => Map(value, LetterCase.Upper, budget));
        filters.Add("lower", "", (value, a, budget) => Map(value, LetterCase.Lower, budget));
        filters.Add("capitalize", "", (value, a, budget) => Map(value, LetterCase.Capitalize, budget));
        filters.Add("title", "", (value, a, budget) => new StringValue(Title(Text(value, budget).Text)));
        filters.Add("trim", "chars?", (value, a, budget) => Map(value, text => PythonStrings.Strip(text, Characters(a[0]), true, true), budget));
        filters.Add("replace", "old new count?", Replace);
        filters.Add("truncate", "length? killwords? end? leeway?", Truncate);
        filters.Add("indent", "width? first? blank?", Indent);
        filters.Add("center", "width?", (value, a, budget) => Center(Text(value, budget), a[0], budget));
        filters.Add("wordcount", "", (value, a, budget) => IntegerValue.Of(CountWords(Text(value, budget).Text)));
        filters.Add("escape", "", (value, a, budget) => value is StringValue { IsMarkup: true } ? value : Escape(value, budget));
        filters.Add("forceescape", "", (value, a, budget) => Escape(value, budget));
        filters.Add("safe", "", (value, a, budget) => new StringValue(PythonText.Of(value, budget), isMarkup: true));
        filters.Add("urlencode", "", (value, a, budget) => UrlEncode(value, budget));
        filters.Add("tojson", "ensure_ascii? indent? separators? sort_keys?", (value, a, budget) => new StringValue(JsonText.Of(
            value, a[0]?.IsTrue ?? false, a[1] ?? NoneValue.Instance, a[2] ?? NoneValue.Instance, a[3]?.IsTrue ?? false, budget)));
        filters.Add("format", Format);
    }

    /// <summary>A value as text; escaped text stays so.</summary>
    public static StringValue Text(Value value, Budget budget) => value as StringValue ?? new StringValue(PythonText.Of(value, budget));

    private static string? Characters(Value? value) => value switch
    {
        null or NoneValue => null,
        StringValue text => text.Text,
        _ => throw new TemplateError($"strip arg must be None or str, not {value.TypeName}"),
    };

    private static StringValue Map(Value value, Func<string, string> map, Budget budget)
    {
        StringValue text = Text(value, budget);
        budget.AllocateText(text.Text.Length);
        return new StringValue(map(text.Text), text.IsMarkup);
    }

    private static StringValue Escape(Value value, Budget budget) => new(Html.Escape(PythonText.Of(value, budget), budget), isMarkup: true);

    private static StringValue Replace(Value value, Value?[] arguments, Budget budget)
    {
        int count = arguments[2] is null or NoneValue ? -1 : Numbers.ToIndex(arguments[2]!);
        string old = PythonText.Of(arguments[0]!, budget);
        return new StringValue(PythonStrings.Replace(PythonText.Of(value, budget), old, PythonText.Of(arguments[1]!, budget), count, budget));
    }

    /// <summary>A word begins behind a blank, a hyphen or an opening bracket.</summary>
    private static string Title(string text)
    {
        var result = new StringBuilder(text.Length);
        for (int start = 0; start < text.Length;)
        {
            int end = start;
            bool isSeparator = IsSeparator(text[start]);
            while (end < text.Length && IsSeparator(text[end]) == isSeparator)
                end++;
            string word = text[start..end];
            int first = char.IsHighSurrogate(word[0]) ? 2 : 1;
            result.Append(LetterCase.Upper(word[..first])).Append(LetterCase.Lower(word[first..]));
            start = end;
        }

        return result.ToString();

        static bool IsSeparator(char c) => PythonCharacters.IsSpace(c) || c is '-' or '(' or '{' or '[' or '<';
    }

    private static Value Truncate(Value value, Value?[] arguments, Budget budget)
    {
        int length = arguments[0] is null ? 255 : Numbers.ToIndex(arguments[0]!);
        string end = arguments[2] is null ? "..." : arguments[2] is StringValue given ? given.Text : throw arguments[2]!.TypeError("cannot end a truncated text");
        int leeway = arguments[3] is null or NoneValue ? 5 : Numbers.ToIndex(arguments[3]!);
        int endLength = CodePoints.Count(end);
        if (length < endLength)
            throw new TemplateError($"expected length >= {endLength}, got {length}");
        if (leeway < 0)
            throw new TemplateError($"expected leeway >= 0, got {leeway}");
        if (!Iteration.TryLength(value, out int count))
            throw value.TypeError("has no len()");
        if (count <= (long)length + leeway)
            return value;
        if (value is not StringValue text)
            throw value.TypeError("cannot be truncated");
        string start = text.Text[..CodePoints.ToUnits(text.Text, count, length - endLength)];
        if (!(arguments[1]?.IsTrue ?? false) && start.LastIndexOf(' ') is var blank and >= 0)
            start = start[..blank];
        return new StringValue(start + end, text.IsMarkup);
    }

    private static StringValue Indent(Value value, Value?[] arguments, Budget budget)
    {
        string indention = arguments[0] switch
        {
            null => "    ",
            StringValue text => text.Text,
            var width => Spaces(Numbers.ToIndex(width), budget),
        };
        bool isFirst = arguments[1]?.IsTrue ?? false;
        bool isBlank = arguments[2]?.IsTrue ?? false;
        if (value is not StringValue self)
            throw value is UndefinedValue undefined ? undefined.Error() : value.TypeError("cannot be indented; it is no string");
        string all = self.Text + "\n";
        List<string> lines = PythonStrings.SplitLines(all, keepEnds: false);
        budget.AllocateText(all.Length + (lines.Count * (long)indention.Length));
        var result = new StringBuilder(isFirst ? indention : "");
        if (isBlank)
            return new StringValue(result.AppendJoin("\n" + indention, lines).ToString(), self.IsMarkup);
        result.Append(lines[0]);
        foreach (string line in lines.Skip(1))
            result.Append('\n').Append(line.Length > 0 ? indention : "").Append(line);
        return new StringValue(result.ToString(), self.IsMarkup);
    }

    private static string Spaces(int width, Budget budget)
    {
        budget.AllocateText(Math.Max(0, width));
        return new string(' ', Math.Max(0, width));
    }

    private static Value Center(StringValue text, Value? width, Budget budget) =>
        ((FunctionValue)StringMethods.Find(text, "center", budget)!).Call(new Arguments([width ?? IntegerValue.Of(80)], []));

    private static int CountWords(string text)
    {
        int words = 0;
        bool isInWord = false;
        foreach (Rune rune in text.EnumerateRunes())
        {
            bool isWord = PythonCharacters.IsWord(rune.Value);
            words += isWord && !isInWord ? 1 : 0;
            isInWord = isWord;
        }

        return words;
    }

    private static StringValue UrlEncode(Value value, Budget budget)
    {
        if (value is StringValue || !Iteration.IsIterable(value))
            return new StringValue(UrlText.Quote(PythonText.Of(value, budget), isQuery: false, budget));
        Value pairs = value is DictValue dict ? new DictViewValue(dict, DictViewKind.Items) : value;
        var parts = new List<string>();
        foreach (Value pair in Iteration.Of(pairs, budget))
        {
            List<Value> sides = Iteration.ToList(pair, budget);
            if (sides.Count != 2)
                throw new TemplateError("urlencode needs pairs of a name and a value");
            parts.Add(string.Join('=', sides.Select(side => UrlText.Quote(PythonText.Of(side, budget), isQuery: true, budget))));
        }

        return new StringValue(string.Join('&', parts));
    }

    private static StringValue Format(Value value, Arguments arguments, Budget budget)
    {
        if (arguments.Positional.Count > 0 && arguments.Keywords.Count > 0)
            throw new TemplateError("can't handle positional and keyword arguments at the same time");
        StringValue format = Text(value, budget);
        if (arguments.Keywords.Count == 0)
            return PercentFormat.Format(format, new ListValue(arguments.Positional, budget, isTuple: true), budget);
        var names = new DictValue(budget);
        foreach ((string name, Value item) in arguments.Keywords)
            names.Set(name, item);
        return PercentFormat.Format(format, names, budget);
    }
}
