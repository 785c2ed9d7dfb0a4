using System.Numerics;
using Llm42.ChatTemplates.Formatting;
using Llm42.ChatTemplates.Values;

namespace Llm42.ChatTemplates.Evaluation;

/// <summary>The functions that a template has without setting them.</summary>
internal static class GlobalFunctions
{
    private static readonly Signature RaiseParameters = new("raise_exception", "message");
    private static readonly Signature ClockParameters = new("strftime_now", "format");
    private static readonly Signature JoinerParameters = new("joiner", "sep?");

    public static void AddTo(Dictionary<string, Value> variables, TimeProvider clock, Budget budget)
    {
        Add("range", arguments => Range(arguments, budget));
        Add("dict", arguments => Dict(arguments, budget));
        Add("namespace", arguments => new NamespaceValue { Attributes = Dict(arguments, budget) });
        Add("cycler", arguments => arguments.Positional.Count > 0
            ? new CyclerValue(arguments.Positional)
            : throw new TemplateError("at least one item has to be provided"));
        Add("joiner", arguments => new JoinerValue(arguments.Bind(JoinerParameters)[0] ?? new StringValue(", ")));
        Add("raise_exception", arguments => throw new TemplateError(PythonText.Of(arguments.Bind(RaiseParameters)[0]!, budget), isRaisedByTemplate: true));
        Add("strftime_now", arguments => Now(arguments.Bind(ClockParameters)[0]!, clock, budget));
        Add("lipsum", _ => throw new TemplateError("lipsum() is not supported; its text is random"));

        void Add(string name, Func<Arguments, Value> body) => variables[name] = new FunctionValue(name, body);
    }

    private static StringValue Now(Value format, TimeProvider clock, Budget budget) => format is StringValue text
        ? new StringValue(StrftimeText.Format(text.Text, clock.GetLocalNow(), budget))
        : throw new TemplateError($"strftime_now() needs a string, not {format.TypeName}");

    private static RangeValue Range(Arguments arguments, Budget budget)
    {
        if (arguments.Keywords.Count > 0)
            throw new TemplateError("range() takes no keyword arguments");
        if (arguments.Positional.Count is < 1 or > 3)
            throw new TemplateError($"range expected 1 to 3 arguments, got {arguments.Positional.Count}");
        BigInteger[] bounds = [.. arguments.Positional.Select(Whole)];
        BigInteger start = bounds.Length == 1 ? 0 : bounds[0];
        BigInteger stop = bounds.Length == 1 ? bounds[0] : bounds[1];
        BigInteger step = bounds.Length == 3 ? bounds[2] : 1;
        if (step.IsZero)
            throw new TemplateError("range() arg 3 must not be zero");
        BigInteger distance = step.Sign > 0 ? stop - start : start - stop;
        BigInteger count = distance.Sign <= 0 ? 0 : ((distance - 1) / BigInteger.Abs(step)) + 1;
        if (count > RangeValue.MaximumCount)
            throw new TemplateError($"a range of {count} elements is asked for; {RangeValue.MaximumCount} is the limit");
        BigInteger largest = BigInteger.Max(BigInteger.Abs(start), BigInteger.Max(BigInteger.Abs(stop), BigInteger.Abs(step)));
        if (largest > 1L << 40)
            throw new TemplateError($"range() is given {largest}; {1L << 40} is the limit");
        return new RangeValue((long)start, (long)step, (int)count) { Stop = (long)stop };
    }

    private static BigInteger Whole(Value value)
    {
        if (value is UndefinedValue undefined)
            throw undefined.Error();
        return Numbers.TryInteger(value, out BigInteger integer) ? integer : throw value.TypeError("cannot be interpreted as an integer");
    }

    private static DictValue Dict(Arguments arguments, Budget budget)
    {
        if (arguments.Positional.Count > 1)
            throw new TemplateError($"dict expected at most 1 argument, got {arguments.Positional.Count}");
        var dict = new DictValue(budget);
        switch (arguments.Positional)
        {
            case [DictValue other]:
                foreach ((Value key, Value value) in other.Items)
                    dict.Set(key, value);
                break;
            case [var pairs]:
                foreach (Value pair in Iteration.Of(pairs, budget))
                {
                    List<Value> sides = Iteration.ToList(pair, budget);
                    if (sides.Count != 2)
                        throw new TemplateError($"dictionary update sequence element has length {sides.Count}; 2 is required");
                    dict.Set(sides[0], sides[1]);
                }

                break;
        }

        foreach ((string name, Value value) in arguments.Keywords)
            dict.Set(name, value);
        return dict;
    }
}
