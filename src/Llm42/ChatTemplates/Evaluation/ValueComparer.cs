using System.Numerics;
using Llm42.ChatTemplates.Formatting;
using Llm42.ChatTemplates.Values;

namespace Llm42.ChatTemplates.Evaluation;

/// <summary>Python's ==, &lt; and hash.</summary>
internal sealed class ValueComparer(Budget budget) : IEqualityComparer<Value>
{
    public bool Equals(Value? x, Value? y) => AreEqual(x!, y!);

    /// <summary>Keys that are equal have the same hash: 1, 1.0 and True are one key.</summary>
    public int GetHashCode(Value obj)
    {
        budget.Step();
        switch (obj)
        {
            case StringValue text:
                budget.Read(text);
                return text.Text.GetHashCode(StringComparison.Ordinal);
            case BooleanValue boolean:
                return HashOf(boolean.Value ? 1 : 0);
            case IntegerValue integer:
                return HashOf((double)integer.Value);
            case FloatValue number:
                return HashOf(number.Value);
            case NoneValue:
                return 1;
            case UndefinedValue:
                return 2;
            case ListValue { IsTuple: true } tuple:
                var hash = new HashCode();
                foreach (Value item in tuple.Items)
                    hash.Add(GetHashCode(item));
                return hash.ToHashCode();
            case ListValue or DictValue or DictViewValue:
                throw new TemplateError($"unhashable type: '{obj.TypeName}'");
            default:
                return System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(obj);
        }
    }

    public bool AreEqual(Value left, Value right)
    {
        budget.Step();
        // Elements that are one and the same are equal, NaN too; two NaN of their own are never the same object here.
        if (ReferenceEquals(left, right))
            return left is not FloatValue number || !double.IsNaN(number.Value);
        switch (left, right)
        {
            case (StringValue a, StringValue b):
                if (a.Text.Length == b.Text.Length)
                    budget.Read(a);
                return a.Text == b.Text;
            case (ListValue a, ListValue b):
                return a.IsTuple == b.IsTuple && a.Items.Count == b.Items.Count && AreAllEqual(a.Items, b.Items);
            case (DictValue a, DictValue b):
                return a.Count == b.Count && a.Items.All(item => b.TryGet(item.Key, out Value other) && AreEqual(item.Value, other));
            case (RangeValue a, RangeValue b):
                return a.Count == b.Count && (a.Count == 0 || (a.Start == b.Start && (a.Count == 1 || a.Step == b.Step)));
            case (UndefinedValue, UndefinedValue):
                return true;
            case (DictViewValue, DictViewValue):
                throw new TemplateError("views of dictionaries cannot be compared here; put |list behind them");
            default:
                return Numbers.TryCompare(left, right, out int? order) && order == 0;
        }
    }

    /// <summary>The order of two values; null where neither is before the other, which only NaN brings about.</summary>
    /// <param name="left">A value.</param>
    /// <param name="right">Another.</param>
    /// <param name="symbol">The comparison that is asked for, for the error message.</param>
    public int? Compare(Value left, Value right, string symbol = "<")
    {
        budget.Step();
        switch (left, right)
        {
            case (UndefinedValue undefined, _):
                throw undefined.Error();
            case (_, UndefinedValue undefined):
                throw undefined.Error();
            case (StringValue a, StringValue b):
                budget.Read(a);
                return CodePoints.Compare(a.Text, b.Text);
            case (ListValue a, ListValue b) when a.IsTuple == b.IsTuple:
                return CompareLists(a.Items, b.Items, symbol);
        }

        return Numbers.TryCompare(left, right, out int? order)
            ? order
            : throw new TemplateError($"'{symbol}' not supported between instances of '{left.TypeName}' and '{right.TypeName}'");
    }

    private static int HashOf(double value) => value.GetHashCode();

    private bool AreAllEqual(IReadOnlyList<Value> left, IReadOnlyList<Value> right)
    {
        for (int i = 0; i < left.Count; i++)
        {
            if (!ReferenceEquals(left[i], right[i]) && !AreEqual(left[i], right[i]))
                return false;
        }

        return true;
    }

    private int? CompareLists(IReadOnlyList<Value> left, IReadOnlyList<Value> right, string symbol)
    {
        for (int i = 0; i < left.Count && i < right.Count; i++)
        {
            if (!ReferenceEquals(left[i], right[i]) && !AreEqual(left[i], right[i]))
                return Compare(left[i], right[i], symbol);
        }

        return left.Count.CompareTo(right.Count);
    }
}
