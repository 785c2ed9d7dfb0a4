using Llm42.ModelFiles;
using Llm42.Models;
using Llm42.Weights;

namespace Llm42.Inspection;

/// <summary>
/// Checks a model directory without loading it: every file, every tensor's presence, shape and dtype, every value's
/// finiteness. Goes on behind what is wrong, as far as that leaves something to check.
/// </summary>
public static class ModelVerification
{
    /// <summary>Checks a model directory. Takes a few MiB of memory per processor beside the files' headers.</summary>
    /// <param name="modelPath">What <see cref="LlmEngine.LoadAsync"/> takes: a model directory or a GGUF file.</param>
    /// <param name="progress">Told about the weights as they are read, from several threads, one at a time.</param>
    /// <param name="cancellationToken">Ends the check.</param>
    /// <exception cref="ModelFormatException">There is no such directory.</exception>
    public static Task<VerificationReport> RunAsync(
        string modelPath, IProgress<LoadProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(modelPath);
        return Task.Run(() => Run(modelPath, progress, cancellationToken), cancellationToken);
    }

    private static VerificationReport Run(string modelPath, IProgress<LoadProgress>? progress, CancellationToken cancellation)
    {
        var findings = new List<VerificationFinding>();
        using var set = Open(modelPath, findings);
        if (set is null)
            return new VerificationReport(Path.GetFullPath(modelPath), null, 0, 0, findings);
        ModelConfig? config = null;
        DecoderSpec? spec = null;
        try
        {
            (var architecture, config) = ModelConfigReader.Read(set.Config);
            spec = architecture.Describe(config);
        }
        catch (ModelFormatException error)
        {
            findings.Add(VerificationFinding.Problem(error.File, error));
        }

        TextFilesVerification.Run(set, config, findings);
        using var files = set is HuggingFaceFileSet ? WeightFiles.Open(modelPath, findings) : WeightFiles.Of(set, findings);
        if (spec is not null)
            findings.AddRange(TensorVerification.Compare(spec, files));
        Tensor[] readable = [.. files.Tensors.Values.Where(tensor => FiniteScan.CanRead(tensor.Dtype))];
        findings.AddRange(TensorVerification.Scan(readable, progress, cancellation));
        return new VerificationReport(
            Path.GetFullPath(modelPath), config?.Architecture, readable.Length, readable.Sum(tensor => tensor.Size), findings);
    }

    private static ModelFileSet? Open(string modelPath, List<VerificationFinding> findings)
    {
        try
        {
            return ModelFileSet.Open(modelPath);
        }
        catch (ModelFormatException error) when (Path.Exists(modelPath))
        {
            findings.Add(VerificationFinding.Problem(error.File, error));
            return null;
        }
    }
}
