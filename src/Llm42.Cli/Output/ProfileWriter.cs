using System.Globalization;
using Llm42.Core.Profiling;

namespace Llm42.Cli.Output;

/// <summary>Tells a person where the time of steps went.</summary>
internal static class ProfileWriter
{
    /// <summary>Writes a table for each kind of step that ran.</summary>
    /// <param name="profile">What was measured.</param>
    /// <param name="title">What the steps belong to; empty for nothing.</param>
    /// <param name="writer">Where to.</param>
    public static void Write(StepProfile profile, string title, TextWriter writer)
    {
        Write(profile.Prefill, $"{title}prefill", writer);
        Write(profile.Decode, $"{title}decode", writer);
    }

    private static void Write(StepPhaseProfile phase, string title, TextWriter writer)
    {
        if (phase.Steps == 0)
            return;
        writer.WriteLine();
        writer.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{title}: {phase.Steps} steps of {(double)phase.Rows / phase.Steps:0.#} rows and {phase.Time.TotalMilliseconds / phase.Steps:0.000} ms; {phase.HostShare:0.0%} of the time on the host"));
        var table = new TextTable(writer, "part", "calls", "µs/step", "share", "GFLOP/s", "GB/s");
        foreach (StepPartProfile part in phase.Parts)
        {
            table.AddRow(
                part.Name,
                Number(part.Calls, "0"),
                Number(part.Time.TotalMicroseconds / phase.Steps, "0.0"),
                Number(phase.ShareOf(part), "0.0%"),
                Number(part.FlopsPerSecond / 1e9, "0.0"),
                Number(part.BytesPerSecond / 1e9, "0.0"));
        }

        table.Write();
    }

    private static string Number(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "-";
}
