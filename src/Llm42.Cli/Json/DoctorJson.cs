using Llm42.Cli.Diagnosis;

namespace Llm42.Cli.Json;

/// <summary>What `doctor --json` writes.</summary>
internal sealed record DoctorJson(bool Ok, IReadOnlyList<FindingJson> Findings)
{
    public static DoctorJson Of(IReadOnlyList<Finding> findings) => new(
        findings.All(finding => finding.State != FindingState.Broken),
        [.. findings.Select(finding => new FindingJson(finding.Subject, Finding.Word(finding.State), finding.Detail, finding.Fix))]);
}

/// <summary>One thing that was looked for.</summary>
internal sealed record FindingJson(string Subject, string State, string Detail, string? Fix);
