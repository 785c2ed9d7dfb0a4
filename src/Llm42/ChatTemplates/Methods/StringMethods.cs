using System.Text;
using Llm42.ChatTemplates.Evaluation;
using Llm42.ChatTemplates.Formatting;
using Llm42.ChatTemplates.Values;

namespace Llm42.ChatTemplates.Methods;

/// <summary>The methods of a string.</summary>
internal static class StringMethods
{
    private delegate Value Body(StringValue self, Value?[] arguments, Budget budget);

    private static readonly Dictionary<string, (Signature Signature, Body Body)> Table = new()
    {
        ["strip"] = Of("strip", "/chars?", (self, a, b) => Same(self, PythonStrings.Strip(self.Text, Chars(a[0]), true, true))),
        ["lstrip"] = Of("lstrip", "/chars?", (self, a, b) => Same(self, PythonStrings.Strip(self.Text, Chars(a[0]), true, false))),
        ["rstrip"] = Of("rstrip", "/chars?", (self, a, b) => Same(self, PythonStrings.Strip(self.Text, Chars(a[0]), false, true))),
        ["upper"] = Of("upper", "", (self, a, b) => Same(self, LetterCase.Upper(self.Text))),
        ["lower"] = Of("lower", "", (self, a, b) => Same(self, LetterCase.Lower(self.Text))),
        ["casefold"] = Of("casefold", "", (self, a, b) => Same(self, LetterCase.Fold(self.Text))),
        ["title"] = Of("title", "", (self, a, b) => Same(self, LetterCase.Title(self.Text))),
        ["capitalize"] = Of("capitalize", "", (self, a, b) => Same(self, LetterCase.Capitalize(self.Text))),
        ["swapcase"] = Of("swapcase", "", (self, a, b) => Same(self, LetterCase.Swap(self.Text))),
        ["startswith"] = Of("startswith", "/prefix /start? /end?", (self, a, b) => HasAffix(self, a, atStart: true)),
        ["endswith"] = Of("endswith", "/suffix /start? /end?", (self, a, b) => HasAffix(self, a, atStart: false)),
        ["split"] = Of("split", "sep? maxsplit?", (self, a, b) => Split(self, a, b, fromRight: false)),
        ["rsplit"] = Of("rsplit", "sep? maxsplit?", (self, a, b) => Split(self, a, b, fromRight: true)),
        ["splitlines"] = Of("splitlines", "keepends?", (self, a, b) => Parts(self, PythonStrings.SplitLines(self.Text, a[0]?.IsTrue ?? false), b)),
        ["partition"] = Of("partition", "/sep", (self, a, b) => Partition(self, Text(a[0]!), b, fromRight: false)),
        ["rpartition"] = Of("rpartition", "/sep", (self, a, b) => Partition(self, Text(a[0]!), b, fromRight: true)),
        ["join"] = Of("join", "/iterable", Join),
        ["replace"] = Of("replace", "/old /new /count?", Replace),
        ["removeprefix"] = Of("removeprefix", "/prefix", (self, a, b) => Text(a[0]!) is var part && self.Text.StartsWith(part, StringComparison.Ordinal) ? Same(self, self.Text[part.Length..]) : self),
        ["removesuffix"] = Of("removesuffix", "/suffix", (self, a, b) => Text(a[0]!) is var part && part.Length > 0 && self.Text.EndsWith(part, StringComparison.Ordinal) ? Same(self, self.Text[..^part.Length]) : self),
        ["find"] = Of("find", "/sub /start? /end?", (self, a, b) => IntegerValue.Of(Search(self, a, last: false))),
        ["rfind"] = Of("rfind", "/sub /start? /end?", (self, a, b) => IntegerValue.Of(Search(self, a, last: true))),
        ["index"] = Of("index", "/sub /start? /end?", (self, a, b) => Found(Search(self, a, last: false))),
        ["rindex"] = Of("rindex", "/sub /start? /end?", (self, a, b) => Found(Search(self, a, last: true))),
        ["count"] = Of("count", "/sub /start? /end?", Count),
        ["center"] = Of("center", "/width /fillchar?", (self, a, b) => Pad(self, a, '^', b)),
        ["ljust"] = Of("ljust", "/width /fillchar?", (self, a, b) => Pad(self, a, '<', b)),
        ["rjust"] = Of("rjust", "/width /fillchar?", (self, a, b) => Pad(self, a, '>', b)),
        ["zfill"] = Of("zfill", "/width", (self, a, b) =>
            Same(self, NumberFormat.Pad(self.Text, Numbers.ToIndex(a[0]!), '=', "0", self.Text is ['+' or '-', ..] ? 1 : 0, b))),
        ["expandtabs"] = Of("expandtabs", "tabsize?", (self, a, b) => Same(self, PythonStrings.ExpandTabs(self.Text, a[0] is null ? 8 : Numbers.ToIndex(a[0]!), b))),
        ["isalpha"] = Of("isalpha", "", (self, a, b) => All(self, PythonCharacters.IsAlphabetic)),
        ["isalnum"] = Of("isalnum", "", (self, a, b) => All(self, PythonCharacters.IsAlphanumeric)),
        ["isdigit"] = Of("isdigit", "", (self, a, b) => All(self, PythonCharacters.IsDigit)),
        ["isdecimal"] = Of("isdecimal", "", (self, a, b) => All(self, PythonCharacters.IsDecimal)),
        ["isnumeric"] = Of("isnumeric", "", (self, a, b) => All(self, PythonCharacters.IsNumeric)),
        ["isspace"] = Of("isspace", "", (self, a, b) => All(self, PythonCharacters.IsSpace)),
        ["isascii"] = Of("isascii", "", (self, a, b) => BooleanValue.Of(System.Text.Ascii.IsValid(self.Text))),
        ["isprintable"] = Of("isprintable", "", (self, a, b) => BooleanValue.Of(self.Text.Length == 0 || All(self, PythonCharacters.IsPrintable).Value)),
        ["isidentifier"] = Of("isidentifier", "", (self, a, b) => BooleanValue.Of(PythonCharacters.IsIdentifier(self.Text))),
        ["islower"] = Of("islower", "", (self, a, b) => BooleanValue.Of(PythonStrings.HasCase(self.Text, isUpper: false))),
        ["isupper"] = Of("isupper", "", (self, a, b) => BooleanValue.Of(PythonStrings.HasCase(self.Text, isUpper: true))),
        ["istitle"] = Of("istitle", "", (self, a, b) => BooleanValue.Of(PythonStrings.IsTitle(self.Text))),
    };

    /// <summary>Methods that Python has and that nothing here does.</summary>
    private static readonly string[] Unsupported = ["encode", "maketrans", "translate", "striptags", "unescape"];

    public static Value? Find(StringValue self, string name, Budget budget)
    {
        if (name == "format")
            return new FunctionValue(name, arguments => BraceFormat.Format(self, arguments, budget));
        if (name == "format_map")
            return new FunctionValue(name, arguments => BraceFormat.Format(self, MapArguments(arguments), budget));
        if (Table.TryGetValue(name, out (Signature Signature, Body Body) method))
        {
            return new FunctionValue(name, arguments =>
            {
                budget.AllocateText(self.Text.Length);
                return method.Body(self, arguments.Bind(method.Signature), budget);
            });
        }

        return Unsupported.Contains(name) ? throw new TemplateError($"the string method '{name}' is not supported") : null;
    }

    private static (Signature, Body) Of(string name, string parameters, Body body) => (new Signature(name, parameters), body);

    private static Arguments MapArguments(Arguments arguments) => arguments.Positional is [DictValue dict]
        ? new Arguments([], [.. dict.Items.Where(item => item.Key is StringValue).Select(item => new KeyValuePair<string, Value>(((StringValue)item.Key).Text, item.Value))])
        : throw new TemplateError("format_map() needs one dictionary");

    private static StringValue Same(StringValue self, string text) => new(text, self.IsMarkup);

    private static string Text(Value value) => value switch
    {
        StringValue text => text.Text,
        UndefinedValue undefined => throw undefined.Error(),
        _ => throw new TemplateError($"must be str, not {value.TypeName}"),
    };

    private static string? Chars(Value? value) => value is null or NoneValue ? null : Text(value);

    private static BooleanValue All(StringValue self, Func<int, bool> isOne)
    {
        foreach (Rune rune in self.Text.EnumerateRunes())
        {
            if (!isOne(rune.Value))
                return BooleanValue.False;
        }

        return BooleanValue.Of(self.Text.Length > 0);
    }

    /// <summary>The part of a text that a start and an end choose, and where it begins; null where the start is behind the end.</summary>
    private static string? Part(StringValue self, Value? start, Value? end, out int first)
    {
        first = Bound(start, self.Length, 0);
        int last = Math.Min(Bound(end, self.Length, self.Length), self.Length);
        if (first > last || first > self.Length)
            return null;
        int begin = CodePoints.ToUnits(self.Text, self.Length, first);
        return self.Text[begin..CodePoints.ToUnits(self.Text, self.Length, last)];
    }

    private static int Bound(Value? value, int length, int otherwise)
    {
        if (value is null or NoneValue)
            return otherwise;
        int index = Numbers.ToIndex(value);
        return index < 0 ? Math.Max(0, index + length) : index;
    }

    private static BooleanValue HasAffix(StringValue self, Value?[] arguments, bool atStart)
    {
        IEnumerable<Value> candidates = arguments[0] is ListValue { IsTuple: true } tuple ? tuple.Items : [arguments[0]!];
        if (arguments[0] is not (ListValue { IsTuple: true } or StringValue))
            throw arguments[0] is UndefinedValue undefined ? undefined.Error() : new TemplateError($"the argument must be str or a tuple of str, not {arguments[0]!.TypeName}");
        string? part = Part(self, arguments[1], arguments[2], out _);
        foreach (Value candidate in candidates)
        {
            string affix = Text(candidate);
            if (part is not null && (atStart ? part.StartsWith(affix, StringComparison.Ordinal) : part.EndsWith(affix, StringComparison.Ordinal)))
                return BooleanValue.True;
        }

        return BooleanValue.False;
    }

    private static int Search(StringValue self, Value?[] arguments, bool last)
    {
        string sub = Text(arguments[0]!);
        if (Part(self, arguments[1], arguments[2], out int first) is not { } part)
            return -1;
        int at = !last ? part.IndexOf(sub, StringComparison.Ordinal) : sub.Length == 0 ? part.Length : part.LastIndexOf(sub, StringComparison.Ordinal);
        return at < 0 ? -1 : first + CodePoints.Count(part.AsSpan(0, at));
    }

    private static IntegerValue Found(int index) => index >= 0 ? IntegerValue.Of(index) : throw new TemplateError("substring not found");

    private static IntegerValue Count(StringValue self, Value?[] arguments, Budget budget)
    {
        string sub = Text(arguments[0]!);
        if (Part(self, arguments[1], arguments[2], out _) is not { } part)
            return IntegerValue.Of(0);
        return IntegerValue.Of(sub.Length == 0 ? CodePoints.Count(part) + 1 : part.AsSpan().Count(sub));
    }

    private static ListValue Parts(StringValue self, IReadOnlyList<string> parts, Budget budget, bool isTuple = false)
    {
        budget.AllocateElements(parts.Count * 3L);
        return new ListValue([.. parts.Select(part => Same(self, part))], budget, isTuple);
    }

    private static ListValue Split(StringValue self, Value?[] arguments, Budget budget, bool fromRight)
    {
        int most = arguments[1] is null ? -1 : Numbers.ToIndex(arguments[1]!);
        int limit = most < 0 ? int.MaxValue : most;
        if (arguments[0] is null or NoneValue)
            return Parts(self, PythonStrings.SplitSpace(self.Text, limit, fromRight), budget);
        string separator = Text(arguments[0]!);
        return separator.Length > 0
            ? Parts(self, PythonStrings.Split(self.Text, separator, limit, fromRight), budget)
            : throw new TemplateError("empty separator");
    }

    private static ListValue Partition(StringValue self, string separator, Budget budget, bool fromRight)
    {
        if (separator.Length == 0)
            throw new TemplateError("empty separator");
        int at = fromRight ? self.Text.LastIndexOf(separator, StringComparison.Ordinal) : self.Text.IndexOf(separator, StringComparison.Ordinal);
        string[] parts = at >= 0 ? [self.Text[..at], separator, self.Text[(at + separator.Length)..]]
            : fromRight ? ["", "", self.Text] : [self.Text, "", ""];
        return Parts(self, parts, budget, isTuple: true);
    }

    private static StringValue Join(StringValue self, Value?[] arguments, Budget budget)
    {
        var text = new StringBuilder();
        bool isFirst = true;
        int place = 0;
        foreach (Value item in Iteration.Of(arguments[0]!, budget))
        {
            if (item is not StringValue part)
                throw new TemplateError($"sequence item {place}: expected str instance, {item.TypeName} found");
            if (!isFirst)
                text.Append(self.Text);
            isFirst = false;
            text.Append(self.IsMarkup ? Html.EscapeUnlessMarkup(part, budget) : part.Text);
            place++;
            if (text.Length > budget.Limits.MaximumValueLength)
                break;
        }

        budget.AllocateText(text.Length);
        return Same(self, text.ToString());
    }

    private static StringValue Replace(StringValue self, Value?[] arguments, Budget budget)
    {
        int count = arguments[2] is null ? -1 : Numbers.ToIndex(arguments[2]!);
        string replacement = Text(arguments[1]!);
        if (self.IsMarkup)
            replacement = Html.EscapeUnlessMarkup((StringValue)arguments[1]!, budget);
        return Same(self, PythonStrings.Replace(self.Text, Text(arguments[0]!), replacement, count, budget));
    }

    private static StringValue Pad(StringValue self, Value?[] arguments, char align, Budget budget)
    {
        string fill = arguments[1] is null ? " " : Text(arguments[1]!);
        if (CodePoints.Count(fill) != 1)
            throw new TemplateError("The fill character must be exactly one character long");
        int width = Numbers.ToIndex(arguments[0]!);
        int missing = width - self.Length;
        // str.center puts the odd one left where the width is odd too.
        if (align == '^' && missing > 0 && missing % 2 == 1 && width % 2 == 1)
            return Same(self, NumberFormat.Pad(NumberFormat.Pad(self.Text, self.Length + 1, '>', fill, 0, budget), width, '^', fill, 0, budget));
        return Same(self, NumberFormat.Pad(self.Text, width, align, fill, 0, budget));
    }
}
