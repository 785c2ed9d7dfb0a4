using System.Numerics;
using Llm42.ChatTemplates.Evaluation;
using Llm42.ChatTemplates.Filters;
using Llm42.ChatTemplates.Formatting;
using Llm42.ChatTemplates.Methods;
using Llm42.ChatTemplates.Values;

namespace Llm42.ChatTemplates.Tests;

/// <summary>The tests by name: what stands behind "is".</summary>
internal static class TestTable
{
    private delegate bool Body(Value value, Value?[] arguments, Budget budget);

    private static readonly Dictionary<string, (Signature Signature, Body Body)> Tests = Create();

    public static bool Contains(string name) => Tests.ContainsKey(name);

    public static TemplateError Unknown(string name, int? position) => new($"there is no test '{name}'", position: position);

    public static bool Apply(string name, Value value, Arguments arguments, Budget budget)
    {
        if (!Tests.TryGetValue(name, out (Signature Signature, Body Body) test))
            throw Unknown(name, null);
        budget.Read(value);
        return test.Body(value, arguments.Bind(test.Signature), budget);
    }

    private static Dictionary<string, (Signature Signature, Body Body)> Create()
    {
        var tests = new Dictionary<string, (Signature Signature, Body Body)>();
        Add("defined", "", (value, a, budget) => value is not UndefinedValue);
        Add("undefined", "", (value, a, budget) => value is UndefinedValue);
        Add("none", "", (value, a, budget) => value is NoneValue);
        Add("boolean", "", (value, a, budget) => value is BooleanValue);
        Add("true", "", (value, a, budget) => ReferenceEquals(value, BooleanValue.True));
        Add("false", "", (value, a, budget) => ReferenceEquals(value, BooleanValue.False));
        Add("integer", "", (value, a, budget) => value is IntegerValue);
        Add("float", "", (value, a, budget) => value is FloatValue);
        Add("number", "", (value, a, budget) => Numbers.IsNumber(value));
        Add("string", "", (value, a, budget) => value is StringValue);
        Add("mapping", "", (value, a, budget) => value is DictValue);
        Add("sequence", "", (value, a, budget) => value is StringValue or ListValue or DictValue or RangeValue or UndefinedValue);
        Add("iterable", "", (value, a, budget) => Iteration.IsIterable(value));
        Add("callable", "", (value, a, budget) => value is FunctionValue or JoinerValue or LoopValue or UndefinedValue);
        Add("escaped", "", (value, a, budget) => value is StringValue { IsMarkup: true });
        Add("lower", "", (value, a, budget) => PythonStrings.HasCase(PythonText.Of(value, budget), isUpper: false));
        Add("upper", "", (value, a, budget) => PythonStrings.HasCase(PythonText.Of(value, budget), isUpper: true));
        Add("odd", "", (value, a, budget) => budget.Comparer.AreEqual(Rest(value, IntegerValue.Of(2), budget), IntegerValue.Of(1)));
        Add("even", "", (value, a, budget) => budget.Comparer.AreEqual(Rest(value, IntegerValue.Of(2), budget), IntegerValue.Of(0)));
        Add("divisibleby", "num", (value, a, budget) => budget.Comparer.AreEqual(Rest(value, a[0]!, budget), IntegerValue.Of(0)));
        Add("in", "seq", (value, a, budget) => Operators.Contains(a[0]!, value, budget));
        Add("sameas", "other", (value, a, budget) => AreSame(value, a[0]!));
        Add("filter", "", (value, a, budget) => value is StringValue name && FilterTable.Contains(name.Text));
        Add("test", "", (value, a, budget) => value is StringValue name && Contains(name.Text));
        AddComparison("==", "eq", "equalto");
        AddComparison("!=", "ne");
        AddComparison("<", "lt", "lessthan");
        AddComparison("<=", "le");
        AddComparison(">", "gt", "greaterthan");
        AddComparison(">=", "ge");
        return tests;

        void Add(string name, string parameters, Body body) => tests.Add(name, (new Signature(name, parameters), body));

        void AddComparison(string symbol, params string[] names)
        {
            foreach (string name in (string[])[symbol, .. names])
                Add(name, "other", (value, a, budget) => Operators.Compare(symbol, value, a[0]!, budget));
        }
    }

    private static Value Rest(Value value, Value divisor, Budget budget) => Operators.Apply(Syntax.BinaryOperator.Modulo, value, divisor, budget);

    /// <summary>Identity. Scalars have none of their own here, so that equal ones of one type are the same.</summary>
    private static bool AreSame(Value left, Value right) => (left, right) switch
    {
        (IntegerValue a, IntegerValue b) => a.Value == b.Value,
        (StringValue a, StringValue b) => a.IsMarkup == b.IsMarkup && a.Text == b.Text,
        _ => ReferenceEquals(left, right),
    };
}
