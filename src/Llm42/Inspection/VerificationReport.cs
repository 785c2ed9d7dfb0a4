namespace Llm42.Inspection;

/// <summary>What a verification looked at and what it found.</summary>
/// <param name="Directory">The model directory.</param>
/// <param name="Architecture">The model's architecture; null if its configuration cannot be read.</param>
/// <param name="Tensors">Tensors whose values were read.</param>
/// <param name="Bytes">Bytes of them.</param>
/// <param name="Findings">Problems and warnings: the files first, then the tensors by name.</param>
public sealed record VerificationReport(
    string Directory, string? Architecture, int Tensors, long Bytes, IReadOnlyList<VerificationFinding> Findings)
{
    /// <summary>No finding is a problem.</summary>
    public bool IsSound => !Findings.Any(finding => finding.IsProblem);
}
