using Llm42.Cli.Determinism;

namespace Llm42.Cli.RemoteDeterminism;

/// <summary>Tells a person what a check of a server found.</summary>
internal static class RemoteCheckReportWriter
{
    public static void Write(RemoteCheckReport report, TextWriter writer)
    {
        CheckOptions options = report.Options.Check;
        writer.WriteLine($"{report.BaseUrl}, model {report.Model}"
            + (report.SystemFingerprints is [{ } fingerprint, ..] ? $", system fingerprint {fingerprint}" : ""));
        writer.WriteLine(
            $"{(report.Options.Prompts.Count == 1 ? "One prompt" : $"{report.Options.Prompts.Count} prompts")}, answered with up to {options.Tokens} tokens, "
            + $"{options.Runs} runs a row: the first alone, the others amid 1 to {options.Neighbours} neighbours; seed {options.Seed}. "
            + $"Compared by {report.Unit}{(report.NoLogprobs is null ? " and bits of log-probabilities" : "")}.");
        foreach (IGrouping<int, RemoteCheckRow> group in report.Rows.GroupBy(row => row.Prompt))
        {
            writer.WriteLine();
            writer.WriteLine($"Prompt {group.Key}: {report.Options.Prompts[group.Key].InWords}");
            CheckTable.Write([.. group.Select(row => row.Row)], report.Unit, report.Options.IsDeterministic ? "deterministic" : "as served", writer);
        }

        writer.WriteLine();
        foreach (string note in report.Notes)
            writer.WriteLine(note);
        if (report.IsPass)
            writer.WriteLine("PASS: one output per prompt and temperature, whatever the load.");
        foreach (string failure in report.Failures)
            writer.WriteLine($"FAIL: {failure}.");
    }
}
