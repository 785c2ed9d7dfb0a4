using Llm42.Inspection;

namespace Llm42.Cli.Json;

/// <summary>What `info --verify --json` writes.</summary>
internal sealed record VerificationJson(
    bool Pass, string Directory, string? Architecture, int Tensors, long Bytes, IReadOnlyList<VerificationFindingJson> Problems, IReadOnlyList<VerificationFindingJson> Warnings)
{
    public static VerificationJson Of(VerificationReport report) => new(
        report.IsSound, report.Directory, report.Architecture, report.Tensors, report.Bytes,
        [.. report.Findings.Where(finding => finding.IsProblem).Select(VerificationFindingJson.Of)],
        [.. report.Findings.Where(finding => !finding.IsProblem).Select(VerificationFindingJson.Of)]);
}

/// <summary>A problem or a warning.</summary>
internal sealed record VerificationFindingJson(
    string File, string? Tensor, string Message, long? NanCount, long? InfinityCount, IReadOnlyList<long>? FirstPosition)
{
    public static VerificationFindingJson Of(VerificationFinding finding) => new(
        finding.File, finding.Tensor, finding.Message,
        finding.FirstPosition is null ? null : finding.NanCount, finding.FirstPosition is null ? null : finding.InfinityCount, finding.FirstPosition);
}
