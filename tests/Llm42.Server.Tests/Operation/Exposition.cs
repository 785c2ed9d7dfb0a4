using System.Globalization;
using System.Text.RegularExpressions;

namespace Llm42.Server.Tests.Operation;

/// <summary>A metric family of Prometheus' text format, with its samples.</summary>
internal sealed record MetricFamily(string Name, string Type, List<MetricSample> Samples);

/// <summary>A sample; labels in the order in which they stand.</summary>
internal sealed record MetricSample(string Name, IReadOnlyList<(string Name, string Value)> Labels, double Value)
{
    public string Key => $"{Name}{{{string.Join(',', Labels)}}}";

    public string? Label(string name) => Labels.FirstOrDefault(label => label.Name == name).Value;
}

/// <summary>A strict reader of Prometheus' text format, version 0.0.4: anything that is not exactly in order fails.</summary>
internal static partial class Exposition
{
    public static IReadOnlyDictionary<string, MetricFamily> Parse(string text)
    {
        Assert.IsTrue(text.EndsWith('\n'), "The last line does not end.");
        Assert.IsFalse(text.Contains('\r', StringComparison.Ordinal), "A line ends with CR.");
        var families = new Dictionary<string, MetricFamily>(StringComparer.Ordinal);
        var keys = new HashSet<string>(StringComparer.Ordinal);
        string? helped = null;
        MetricFamily? family = null;
        foreach (string line in text[..^1].Split('\n'))
        {
            if (HelpLine().Match(line) is { Success: true } help)
            {
                helped = help.Groups[1].Value;
            }
            else if (TypeLine().Match(line) is { Success: true } type)
            {
                Assert.AreEqual(helped, type.Groups[1].Value, $"HELP does not come before TYPE: {line}");
                family = new MetricFamily(helped!, type.Groups[2].Value, []);
                Assert.IsTrue(families.TryAdd(helped!, family), $"A family stands twice: {line}");
            }
            else
            {
                MetricSample sample = ParseSample(line);
                Assert.IsNotNull(family, line);
                Assert.IsTrue(IsOf(family, sample.Name), $"A sample is not of the family {family.Name}: {line}");
                Assert.IsTrue(keys.Add(sample.Key), $"A sample stands twice: {line}");
                family.Samples.Add(sample);
            }
        }
        foreach (MetricFamily each in families.Values)
            Check(each);
        return families;
    }

    private static bool IsOf(MetricFamily family, string sample) => family.Type == "histogram"
        ? sample == $"{family.Name}_bucket" || sample == $"{family.Name}_sum" || sample == $"{family.Name}_count"
        : sample == family.Name;

    private static MetricSample ParseSample(string line)
    {
        Match match = SampleLine().Match(line);
        Assert.IsTrue(match.Success, $"No sample: {line}");
        List<(string, string)> labels = [];
        for (string rest = match.Groups[2].Value; rest.Length > 0;)
        {
            Match label = LabelPair().Match(rest);
            Assert.IsTrue(label.Success, $"No label: {rest}");
            string value = Regex.Replace(label.Groups[2].Value, @"\\(.)", escape => escape.Groups[1].Value switch
            {
                "n" => "\n",
                "\\" or "\"" => escape.Groups[1].Value,
                _ => throw new AssertFailedException($"An escape is unknown: {line}"),
            });
            labels.Add((label.Groups[1].Value, value));
            rest = rest[label.Length..];
        }
        CollectionAssert.AllItemsAreUnique(labels.Select(label => label.Item1).ToList(), line);
        return new MetricSample(match.Groups[1].Value, labels, Number(match.Groups[3].Value));
    }

    private static double Number(string text) => text switch
    {
        "+Inf" => double.PositiveInfinity,
        _ => double.Parse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture),
    };

    private static void Check(MetricFamily family)
    {
        if (family.Type == "counter")
        {
            StringAssert.EndsWith(family.Name, "_total", StringComparison.Ordinal);
            Assert.IsTrue(family.Samples.All(sample => sample.Value >= 0), family.Name);
        }
        if (family.Type != "histogram")
            return;
        foreach (var series in family.Samples.GroupBy(sample => string.Join(',', sample.Labels.Where(label => label.Name != "le"))))
        {
            MetricSample[] buckets = [.. series.Where(sample => sample.Name.EndsWith("_bucket", StringComparison.Ordinal))];
            double[] bounds = [.. buckets.Select(bucket => Number(bucket.Label("le")!))];
            CollectionAssert.AreEqual(bounds.Order().Distinct().ToArray(), bounds, $"{family.Name}: the bounds do not ascend.");
            Assert.AreEqual(double.PositiveInfinity, bounds[^1], family.Name);
            double[] counts = [.. buckets.Select(bucket => bucket.Value)];
            CollectionAssert.AreEqual(counts.Order().ToArray(), counts, $"{family.Name}: the counts do not add up.");
            Assert.AreEqual(counts[^1], series.Single(sample => sample.Name == $"{family.Name}_count").Value, family.Name);
            Assert.IsTrue(series.Single(sample => sample.Name == $"{family.Name}_sum").Value >= 0, family.Name);
        }
    }

    [GeneratedRegex(@"^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) \S.*$")]
    private static partial Regex HelpLine();

    [GeneratedRegex(@"^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram)$")]
    private static partial Regex TypeLine();

    [GeneratedRegex(@"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.+)\})? (\S+)$")]
    private static partial Regex SampleLine();

    [GeneratedRegex(@"^([a-zA-Z_][a-zA-Z0-9_]*)=""((?:[^""\\]|\\.)*)""(?:,(?=.)|$)")]
    private static partial Regex LabelPair();
}
