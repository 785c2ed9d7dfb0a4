using Llm42.ModelFiles;
using Llm42.Models;
using Llm42.Weights;

namespace Llm42.Inspection;

/// <summary>
/// Checks a model without loading it: every file, every tensor's presence, shape and dtype, every value's
/// finiteness. Goes on behind what is wrong, as far as that leaves something to check.
/// </summary>
public static class ModelVerification
{
    /// <summary>Checks a model. Takes a few MiB of memory per processor beside the files' headers.</summary>
    /// <param name="modelPath">A directory in Hugging Face's layout, or a GGUF file.</param>
    /// <param name="progress">Told about the weights as they are read, from several threads, one at a time.</param>
    /// <param name="cancellationToken">Ends the check.</param>
    /// <exception cref="ModelFormatException">There is no such directory or file.</exception>
    public static Task<VerificationReport> RunAsync(
        string modelPath, IProgress<LoadProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(modelPath);
        return Task.Run(() => Run(modelPath, progress, cancellationToken), cancellationToken);
    }

    private static VerificationReport Run(string modelPath, IProgress<LoadProgress>? progress, CancellationToken cancellation)
    {
        if (!Path.Exists(modelPath))
            throw new ModelFormatException(modelPath, "the model does not exist.");
        var findings = new List<VerificationFinding>();
        using var files = Open(modelPath, findings);
        return files is null
            ? new VerificationReport(Path.GetFullPath(modelPath), null, 0, 0, findings)
            : Run(files, findings, progress, cancellation);
    }

    private static VerificationReport Run(
        ModelFileSet files, List<VerificationFinding> findings, IProgress<LoadProgress>? progress, CancellationToken cancellation)
    {
        ModelConfig? config = null;
        DecoderSpec? spec = null;
        try
        {
            (var architecture, config) = ModelConfigReader.Read(files.Config);
            spec = architecture.Describe(config);
        }
        catch (ModelFormatException error)
        {
            findings.Add(VerificationFinding.Problem(error.File, error));
        }

        TextFilesVerification.Run(files, config, findings);
        using var weights = WeightFiles.Open(files, findings);
        if (spec is not null)
            findings.AddRange(TensorVerification.Compare(spec, weights));
        Tensor[] readable = [.. weights.Tensors.Values.Where(tensor => FiniteScan.CanRead(tensor.Dtype))];
        findings.AddRange(TensorVerification.Scan(readable, progress, cancellation));
        return new VerificationReport(
            Path.GetFullPath(files.Path), config?.Architecture, readable.Length, readable.Sum(tensor => tensor.Size), findings);
    }

    private static ModelFileSet? Open(string path, List<VerificationFinding> findings)
    {
        try
        {
            return ModelFileSet.Open(path);
        }
        catch (ModelFormatException error)
        {
            findings.Add(VerificationFinding.Problem(error.File, error));
            return null;
        }
    }
}
