using Llm42.Inspection;

namespace Llm42.Cli.Output;

/// <summary>`info --verify` for people: a line per finding, and the verdict.</summary>
internal static class VerificationWriter
{
    private const double MiB = 1024.0 * 1024;

    public static void Write(VerificationReport report)
    {
        foreach (VerificationFinding finding in report.Findings)
        {
            string tensor = finding.Tensor is null ? "" : $"tensor \"{finding.Tensor}\" ";
            StandardOutput.WriteLine($"{(finding.IsProblem ? "problem" : "warning")}: {finding.File}: {tensor}{finding.Message}");
        }

        int problems = report.Findings.Count(finding => finding.IsProblem);
        int warnings = report.Findings.Count - problems;
        StandardOutput.WriteLine(FormattableString.Invariant(
            $"{(report.IsSound ? "PASS" : "FAIL")}: {report.Tensors} tensors, {report.Bytes / MiB:0.0} MiB; {problems} problems, {warnings} warnings"));
    }
}
