using System.Globalization;

namespace Llm42.Cli.Serving;

/// <summary>What a server has counted since it started, as far as its /metrics tell.</summary>
internal sealed record ServerTotals(double? VerificationWindows, double? Rollbacks, double? TokensRolledBack)
{
    /// <summary>Reads Prometheus' text format; the names are ours and those of the published system.</summary>
    public static ServerTotals Parse(string text)
    {
        var sums = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (string line in text.Split('\n'))
        {
            if (line.StartsWith('#'))
                continue;
            int nameEnd = line.AsSpan().IndexOfAny('{', ' ');
            int labelsEnd = line.LastIndexOf('}');
            if (nameEnd <= 0)
                continue;
            string[] values = line[(labelsEnd < 0 ? nameEnd : labelsEnd + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (values.Length > 0 && double.TryParse(values[0], NumberStyles.Float, CultureInfo.InvariantCulture, out double value))
            {
                string name = line[..nameEnd];
                sums[name] = sums.GetValueOrDefault(name) + value;
            }
        }

        return new ServerTotals(
            Find("verification_windows_total"), Find("rollbacks_total"), Find("tokens_rolled_back_total"));

        double? Find(string name)
        {
            foreach (string prefix in (string[])["llm42_", "num_", "sglang:num_", "sglang:", ""])
            {
                if (sums.TryGetValue(prefix + name, out double value))
                    return value;
            }

            return null;
        }
    }

    /// <summary>What was counted in between; null where nothing was counted at all.</summary>
    public static ServerTotals? Between(ServerTotals before, ServerTotals after)
    {
        var difference = new ServerTotals(
            after.VerificationWindows - before.VerificationWindows, after.Rollbacks - before.Rollbacks,
            after.TokensRolledBack - before.TokensRolledBack);
        return difference == new ServerTotals(null, null, null) ? null : difference;
    }
}
