using System.Globalization;

namespace Llm42.Cli.Serving;

/// <summary>How long prompts or answers are, in tokens.</summary>
internal sealed record LengthDistribution
{
    /// <summary>No length is greater, whatever a distribution draws.</summary>
    public const int Longest = 1 << 20;

    public const string Forms = "N for a fixed length, A-B for equally likely ones, normal:MEAN:DEVIATION, lognormal:MEDIAN:SIGMA, or exponential:MEAN";

    private readonly Func<Random, double> _draw;

    private LengthDistribution(string text, Func<Random, double> draw)
    {
        Text = text;
        _draw = draw;
    }

    /// <summary>As it was written.</summary>
    public string Text { get; }

    /// <summary>A length from 1 to <see cref="Longest"/>.</summary>
    public int Draw(Random random) => (int)Math.Clamp(Math.Round(_draw(random), MidpointRounding.AwayFromZero), 1, Longest);

    /// <summary>Reads one of <see cref="Forms"/>; null for anything else.</summary>
    public static LengthDistribution? Parse(string text)
    {
        if (Integer(text) is { } length)
            return new LengthDistribution(text, _ => length);
        if (text.Split('-') is [{ } low, { } high] && Integer(low) is { } from && Integer(high) is { } to && from <= to)
            return new LengthDistribution(text, random => random.Next(from, to + 1));
        return text.Split(':') switch
        {
            ["normal", { } mean, { } deviation] when Positive(mean) is { } m && Positive(deviation) is { } d =>
                new LengthDistribution(text, random => m + (d * Normal(random))),
            ["lognormal", { } median, { } sigma] when Positive(median) is { } m && Positive(sigma) is { } s =>
                new LengthDistribution(text, random => m * Math.Exp(s * Normal(random))),
            ["exponential", { } mean] when Positive(mean) is { } m =>
                new LengthDistribution(text, random => -m * Math.Log(1 - random.NextDouble())),
            _ => null,
        };
    }

    public override string ToString() => Text;

    /// <summary>A number of the standard normal distribution, after Box and Muller.</summary>
    private static double Normal(Random random)
    {
        double radius = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble()));
        return radius * Math.Cos(2 * Math.PI * random.NextDouble());
    }

    private static int? Integer(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value is >= 1 and <= Longest ? value : null;

    private static double? Positive(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value) && value is > 0 and <= Longest ? value : null;
}
