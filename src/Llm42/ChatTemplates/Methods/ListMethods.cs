using Llm42.ChatTemplates.Evaluation;
using Llm42.ChatTemplates.Values;

namespace Llm42.ChatTemplates.Methods;

/// <summary>The methods of a list or tuple; those that would change it are not to be had.</summary>
internal static class ListMethods
{
    private static readonly Signature CountParameters = new("count", "/value");
    private static readonly Signature IndexParameters = new("index", "/value /start? /stop?");

    public static Value? Find(ListValue self, string name, Budget budget) => name switch
    {
        "count" => new FunctionValue(name, arguments => Count(self, arguments.Bind(CountParameters)[0]!, budget)),
        "index" => new FunctionValue(name, arguments => Index(self, arguments.Bind(IndexParameters), budget)),
        "copy" when !self.IsTuple => new FunctionValue(name, _ => self),
        "append" or "clear" or "extend" or "insert" or "pop" or "remove" or "reverse" or "sort" when !self.IsTuple => UndefinedValue.Unsafe(self, name),
        "grouper" when self.IsGroup => self.Items[0],
        "list" when self.IsGroup => self.Items[1],
        _ => null,
    };

    private static IntegerValue Count(ListValue self, Value wanted, Budget budget)
    {
        int count = 0;
        foreach (Value item in self.Items)
            count += AreSame(item, wanted, budget) ? 1 : 0;
        return IntegerValue.Of(count);
    }

    private static IntegerValue Index(ListValue self, Value?[] arguments, Budget budget)
    {
        int start = Bound(arguments[1], self.Items.Count, 0);
        int stop = Math.Min(Bound(arguments[2], self.Items.Count, int.MaxValue), self.Items.Count);
        for (int i = start; i < stop; i++)
        {
            if (AreSame(self.Items[i], arguments[0]!, budget))
                return IntegerValue.Of(i);
        }

        throw new TemplateError($"the value is not in the {self.TypeName}");
    }

    private static int Bound(Value? value, int length, int otherwise)
    {
        if (value is null)
            return otherwise;
        int index = Numbers.ToIndex(value);
        return index < 0 ? Math.Max(0, index + length) : index;
    }

    private static bool AreSame(Value left, Value right, Budget budget) => ReferenceEquals(left, right) || budget.Comparer.AreEqual(left, right);
}
