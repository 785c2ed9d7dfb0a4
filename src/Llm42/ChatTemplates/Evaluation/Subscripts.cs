using System.Text;
using Llm42.ChatTemplates.Formatting;
using Llm42.ChatTemplates.Values;

namespace Llm42.ChatTemplates.Evaluation;

/// <summary>owner[key] and owner[start:stop:step].</summary>
internal static class Subscripts
{
    /// <summary>The element, or null where there is none or the owner has no elements.</summary>
    public static Value? Find(Value owner, Value key, Budget budget)
    {
        switch (owner)
        {
            case UndefinedValue undefined:
                throw undefined.Error();
            case DictValue dict:
                return IsHashable(key) && dict.TryGet(key, out Value value) ? value : null;
            case StringValue or ListValue or RangeValue when Numbers.TryInteger(key, out _):
                Iteration.TryLength(owner, out int length);
                int index = Numbers.ToIndex(key);
                if (index < 0)
                    index += length;
                return index >= 0 && index < length ? At(owner, index, budget) : null;
            default:
                return null;
        }
    }

    public static Value Slice(Value owner, Value? start, Value? stop, Value? step, Budget budget)
    {
        if (owner is UndefinedValue undefined)
            throw undefined.Error();
        if (owner is not (StringValue or ListValue or RangeValue))
            throw owner is DictValue ? new TemplateError("unhashable type: 'slice'") : owner.TypeError("is not subscriptable");
        Iteration.TryLength(owner, out int length);
        budget.Read(owner);
        int stride = Bound(step) ?? 1;
        if (stride == 0)
            throw new TemplateError("slice step cannot be zero");
        // Behind a negative step the bounds are one lower: the end is then before the first element.
        int lowest = stride < 0 ? -1 : 0;
        int highest = stride < 0 ? length - 1 : length;
        int from = Clamp(Bound(start), length, lowest, highest) ?? (stride < 0 ? highest : lowest);
        int to = Clamp(Bound(stop), length, lowest, highest) ?? (stride < 0 ? lowest : highest);
        int count = stride > 0
            ? (int)Math.Max(0, ((long)to - from + stride - 1) / stride)
            : (int)Math.Max(0, ((long)from - to - stride - 1) / -(long)stride);
        return Take(owner, length, from, stride, count, budget);
    }

    private static Value Take(Value owner, int length, int from, int stride, int count, Budget budget)
    {
        switch (owner)
        {
            case ListValue list:
                budget.AllocateElements(count);
                var items = new Value[count];
                for (int i = 0; i < count; i++)
                    items[i] = list.Items[from + (i * stride)];
                return new ListValue(items, budget, list.IsTuple);
            case RangeValue range:
                long first = range.Start + (range.Step * from);
                return new RangeValue(first, range.Step * stride, count) { Stop = first + (range.Step * stride * count) };
            default:
                return TakeText((StringValue)owner, length, from, stride, count, budget);
        }
    }

    private static StringValue TakeText(StringValue owner, int length, int from, int stride, int count, Budget budget)
    {
        string text = owner.Text;
        if (count == 0)
            return new StringValue("", owner.IsMarkup);
        budget.AllocateText(count);
        if (stride == 1)
        {
            int begin = CodePoints.ToUnits(text, length, from);
            int end = length == text.Length ? begin + count : begin + CodePoints.ToUnits(text[begin..], length - from, count);
            return new StringValue(text[begin..end], owner.IsMarkup);
        }

        string[]? characters = length == text.Length ? null : [.. CodePoints.Enumerate(text)];
        if (characters is not null)
            budget.AllocateElements(length);
        var taken = new StringBuilder(count);
        for (int i = 0; i < count; i++)
        {
            int index = from + (i * stride);
            _ = characters is null ? taken.Append(text[index]) : taken.Append(characters[index]);
        }

        return new StringValue(taken.ToString(), owner.IsMarkup);
    }

    private static Value At(Value owner, int index, Budget budget)
    {
        switch (owner)
        {
            case ListValue list:
                return list.Items[index];
            case RangeValue range:
                return range[index];
            default:
                var text = (StringValue)owner;
                budget.Read(text);
                int unit = CodePoints.ToUnits(text.Text, text.Length, index);
                return new StringValue(text.Text.Substring(unit, char.IsHighSurrogate(text.Text[unit]) ? 2 : 1), text.IsMarkup);
        }
    }

    private static bool IsHashable(Value key) => key is not (DictValue or DictViewValue)
        && (key is not ListValue list || (list.IsTuple && list.Items.All(IsHashable)));

    private static int? Bound(Value? value)
    {
        if (value is null or NoneValue)
            return null;
        if (value is UndefinedValue undefined)
            throw undefined.Error();
        return Numbers.TryInteger(value, out _)
            ? Numbers.ToIndex(value)
            : throw new TemplateError("slice indices must be integers or None or have an __index__ method");
    }

    private static int? Clamp(int? bound, int length, int lowest, int highest)
    {
        if (bound is not { } value)
            return null;
        if (value < 0)
            value = Math.Max(value + length, lowest);
        return Math.Min(value, highest);
    }
}
