using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Llm42.Cli.Options;

/// <summary>Makes options whose errors name the option, the value and what it may be.</summary>
internal static class Flag
{
    public static Option<bool> Switch(string name, string description, params string[] aliases) =>
        new(name, aliases) { Description = description };

    public static Option<string?> Text(string name, string help, string description, params string[] aliases) =>
        new(name, aliases) { Description = description, HelpName = help };

    public static Option<int?> Integer(string name, string description, int min, int max, params string[] aliases) =>
        new(name, aliases)
        {
            Description = description,
            HelpName = "N",
            CustomParser = result => int.TryParse(Value(result), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value)
                && value >= min && value <= max
                    ? value
                    : Refuse<int?>(result, name, max == int.MaxValue
                        ? $"an integer of {min} or more"
                        : $"an integer from {min} to {max}"),
        };

    public static Option<ulong?> Seed(string name, string description, params string[] aliases) =>
        new(name, aliases)
        {
            Description = description,
            HelpName = "N",
            CustomParser = result => ulong.TryParse(Value(result), NumberStyles.None, CultureInfo.InvariantCulture, out ulong value)
                ? value
                : Refuse<ulong?>(result, name, $"an integer from 0 to {ulong.MaxValue}"),
        };

    public static Option<float?> Real(string name, string description, float min, float max, params string[] aliases) =>
        new(name, aliases)
        {
            Description = description,
            HelpName = "X",
            CustomParser = result => float.TryParse(Value(result), NumberStyles.Float, CultureInfo.InvariantCulture, out float value)
                && value >= min && value <= max
                    ? value
                    : Refuse<float?>(result, name, $"a number from {min} to {max}"),
        };

    /// <summary>One of a few words, each standing for a value.</summary>
    public static Option<T?> Choice<T>(
        string name, string description, IReadOnlyDictionary<string, T> choices, params string[] aliases)
        where T : struct =>
        new(name, aliases)
        {
            Description = description,
            HelpName = string.Join('|', choices.Keys),
            CustomParser = result => choices.TryGetValue(Value(result), out T value)
                ? value
                : Refuse<T?>(result, name, $"one of {string.Join(", ", choices.Keys)}"),
        };

    /// <summary>One of a few words.</summary>
    public static Option<string?> Word(string name, string description, IReadOnlyList<string> words) =>
        new(name)
        {
            Description = description,
            HelpName = string.Join('|', words),
            CustomParser = result => words.Contains(Value(result))
                ? Value(result)
                : Refuse<string?>(result, name, $"one of {string.Join(", ", words)}"),
        };

    /// <summary>Some of many words, separated by commas.</summary>
    public static Option<string[]?> Words(string name, string description, IReadOnlyList<string> words) =>
        new(name)
        {
            Description = description + $" Known: {string.Join(", ", words)}.",
            HelpName = "A,B",
            Arity = ArgumentArity.ExactlyOne,
            CustomParser = result =>
            {
                string[] parts = Value(result).Split(',', StringSplitOptions.TrimEntries);
                if (parts.FirstOrDefault(part => !words.Contains(part)) is not { } unknown)
                    return parts;
                result.AddError($"{name} has '{unknown}'; it must be one or more of {string.Join(", ", words)}, separated by commas.");
                return null;
            },
        };

    /// <summary>Integers, separated by commas, each once.</summary>
    public static Option<int[]?> Integers(string name, string description, int min, int max) => new(name)
    {
        Description = description,
        HelpName = "N,M",
        Arity = ArgumentArity.ExactlyOne,
        CustomParser = result => List<int>(
            result, name, $"integers from {min} to {max}, separated by commas",
            part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= min && value <= max ? value : null),
    };

    /// <summary>Numbers, separated by commas, each once.</summary>
    public static Option<double[]?> Reals(string name, string description, double min, double max) => new(name)
    {
        Description = description,
        HelpName = "X,Y",
        Arity = ArgumentArity.ExactlyOne,
        CustomParser = result => List<double>(
            result, name, $"numbers from {min} to {max}, separated by commas",
            part => double.TryParse(part, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value) && value >= min && value <= max ? value : null),
    };

    /// <summary>Token ids: "1,2,3".</summary>
    public static Option<int[]?> TokenIds(string name, string description) =>
        new(name)
        {
            Description = description,
            HelpName = "1,2,3",
            Arity = ArgumentArity.ExactlyOne,
            CustomParser = result =>
            {
                string[] parts = Value(result).Split(',', StringSplitOptions.TrimEntries);
                int[] ids = new int[parts.Length];
                for (int i = 0; i < parts.Length; i++)
                {
                    if (!int.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out ids[i]))
                        return Refuse<int[]?>(result, name, "token ids separated by commas, such as 1,2,3");
                }

                return ids;
            },
        };

    /// <summary>A number for each of some token ids: "5:-100,7:2.5"; may be given more than once.</summary>
    public static Option<Dictionary<int, float>?> TokenNumbers(string name, string description, float min, float max) =>
        new(name)
        {
            Description = description,
            HelpName = "ID:X",
            Arity = ArgumentArity.OneOrMore,
            AllowMultipleArgumentsPerToken = false,
            CustomParser = result =>
            {
                Dictionary<int, float> numbers = [];
                foreach (string part in result.Tokens.SelectMany(token => token.Value.Split(',', StringSplitOptions.TrimEntries)))
                {
                    string[] sides = part.Split(':');
                    if (sides.Length != 2
                        || !int.TryParse(sides[0], NumberStyles.None, CultureInfo.InvariantCulture, out int id)
                        || !float.TryParse(sides[1], NumberStyles.Float, CultureInfo.InvariantCulture, out float value)
                        || !(value >= min && value <= max))
                    {
                        result.AddError($"{name} has '{part}'; it must be a token id, a colon and a number from {min} to {max}, such as 5:{min}.");
                        return null;
                    }

                    if (!numbers.TryAdd(id, value))
                    {
                        result.AddError($"{name} names token {id} twice; give it one number.");
                        return null;
                    }
                }

                return numbers;
            },
        };

    /// <summary>The values of an option that has several; others where it is not given.</summary>
    public static IReadOnlyList<T> ValuesOr<T>(ParseResult parsed, Option<T[]?> option, params IReadOnlyList<T> otherwise) =>
        parsed.GetValue(option) is { Length: > 0 } values ? [.. values.Distinct()] : otherwise;

    private static T[]? List<T>(ArgumentResult result, string name, string expected, Func<string, T?> parse)
        where T : struct
    {
        var values = new List<T>();
        foreach (string part in Value(result).Split(',', StringSplitOptions.TrimEntries))
        {
            if (parse(part) is not { } value || values.Contains(value))
                return Refuse<T[]?>(result, name, $"{expected}, each of them once");
            values.Add(value);
        }

        return [.. values];
    }

    private static string Value(ArgumentResult result) => result.Tokens.Count == 0 ? "" : result.Tokens[^1].Value;

    private static T? Refuse<T>(ArgumentResult result, string name, string expected)
    {
        result.AddError($"{name} is '{Value(result)}'; it must be {expected}.");
        return default;
    }
}
