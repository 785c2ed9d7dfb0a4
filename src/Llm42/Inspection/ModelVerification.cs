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
    /// <param name="modelDirectory">Holds config.json and weights in safetensors files.</param>
    /// <param name="progress">Told about the weights as they are read, from several threads, one at a time.</param>
    /// <param name="cancellationToken">Ends the check.</param>
    /// <exception cref="ModelFormatException">There is no such directory.</exception>
    public static Task<VerificationReport> RunAsync(
        string modelDirectory, IProgress<LoadProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(modelDirectory);
        return Task.Run(() => Run(modelDirectory, progress, cancellationToken), cancellationToken);
    }

    private static VerificationReport Run(string modelDirectory, IProgress<LoadProgress>? progress, CancellationToken cancellation)
    {
        if (!Directory.Exists(modelDirectory))
            throw new ModelFormatException(modelDirectory, "the model directory does not exist.");
        var findings = new List<VerificationFinding>();
        ModelConfig? config = null;
        DecoderSpec? spec = null;
        try
        {
            (var architecture, config) = ModelConfigReader.Read(modelDirectory);
            spec = architecture.Describe(config);
        }
        catch (ModelFormatException error)
        {
            findings.Add(VerificationFinding.Problem(error.File, error));
        }

        TextFilesVerification.Run(modelDirectory, config, findings);
        using var files = WeightFiles.Open(modelDirectory, findings);
        if (spec is not null)
            findings.AddRange(TensorVerification.Compare(spec, files));
        Tensor[] readable = [.. files.Tensors.Values.Where(tensor => FiniteScan.CanRead(tensor.Dtype))];
        findings.AddRange(TensorVerification.Scan(readable, progress, cancellation));
        return new VerificationReport(
            Path.GetFullPath(modelDirectory), config?.Architecture, readable.Length, readable.Sum(tensor => tensor.Size), findings);
    }
}
