using System.Buffers;
using Llm42.Models;
using Llm42.Weights;

namespace Llm42.Inspection;

/// <summary>Compares the tensors of a directory with what the architecture needs, and reads their values.</summary>
internal static class TensorVerification
{
    private const int ChunkSize = 4 << 20;

    /// <summary>What is missing, shaped or typed otherwise, without a place, or fused with a tensor of another dtype.</summary>
    public static IEnumerable<VerificationFinding> Compare(DecoderSpec spec, WeightFiles files)
    {
        var wanted = spec.Tensors.DistinctBy(tensor => tensor.Name).ToArray();
        var hidden = 0;
        foreach (var tensor in wanted)
        {
            if (!files.Tensors.TryGetValue(tensor.Name, out var found))
            {
                if (files.MayHoldDamaged(tensor.Name))
                    hidden++;
                else
                    yield return VerificationFinding.Problem(
                        files.Directory, $"of shape {Tensor.Format(tensor.Shape)} is missing.", tensor.Name);
                continue;
            }
            if (!found.Shape.SequenceEqual(tensor.Shape))
                yield return VerificationFinding.Problem(
                    found.File, $"must have shape {Tensor.Format(tensor.Shape)}, found {Tensor.Format(found.Shape)}.", tensor.Name);
            if (!FiniteScan.CanRead(found.Dtype))
                yield return VerificationFinding.Problem(
                    found.File, $"must be f32, f16 or bf16, found {found.Dtype.Name()}.", tensor.Name);
        }
        if (hidden > 0)
            yield return VerificationFinding.Problem(
                files.Directory, $"{hidden} tensors were not found, which may lie in the files that cannot be read.");

        var names = wanted.Select(tensor => tensor.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var (tensor, file) in files.Misplaced().Where(entry => !names.Contains(entry.Tensor) || files.Tensors.ContainsKey(entry.Tensor)))
            yield return VerificationFinding.Problem(Path.Combine(files.Directory, file), "does not hold the tensor, though the index says so.", tensor);
        foreach (var name in spec.Strangers(files.Tensors.Keys))
            yield return VerificationFinding.Problem(
                files.Tensors[name].File, "has no place in this architecture: does config.json belong to these weights?", name);
        foreach (var finding in CompareDtypes(spec, files))
            yield return finding;
    }

    /// <summary>Reads every value, and says of each tensor what is not finite in it.</summary>
    public static IReadOnlyList<VerificationFinding> Scan(
        IReadOnlyCollection<Tensor> tensors, IProgress<LoadProgress>? progress, CancellationToken cancellation)
    {
        var total = tensors.Sum(tensor => tensor.Size);
        var done = 0L;
        var results = tensors.ToDictionary(tensor => tensor, _ => new Result());
        Parallel.ForEach(
            tensors.SelectMany(Chunks),
            new ParallelOptions { CancellationToken = cancellation, MaxDegreeOfParallelism = Environment.ProcessorCount },
            chunk =>
            {
                var (tensor, offset, size) = chunk;
                var scan = new FiniteScan();
                ModelFormatException? error = null;
                var buffer = ArrayPool<byte>.Shared.Rent(size);
                try
                {
                    tensor.Read(offset, buffer.AsSpan(0, size));
                    scan.Add(tensor.Dtype, buffer.AsSpan(0, size), offset / tensor.Dtype.ElementSize());
                }
                catch (ModelFormatException caught)
                {
                    error = caught;
                }
                finally
                {
                    ArrayPool<byte>.Shared.Return(buffer);
                }
                lock (results)
                {
                    results[tensor].Add(scan, error);
                    done += size;
                    progress?.Report(new LoadProgress(done, total));
                }
            });
        return [.. tensors
            .OrderBy(tensor => tensor.Name, StringComparer.Ordinal)
            .Select(tensor => Judge(tensor, results[tensor]))
            .OfType<VerificationFinding>()];
    }

    /// <summary>The loader packs some tensors into one matrix, which has one dtype.</summary>
    private static IEnumerable<VerificationFinding> CompareDtypes(DecoderSpec spec, WeightFiles files)
    {
        foreach (var parts in spec.Layers.SelectMany(FusedTensors))
        {
            var found = parts
                .Select(part => files.Tensors.GetValueOrDefault(part.Name))
                .OfType<Tensor>()
                .Where(tensor => FiniteScan.CanRead(tensor.Dtype))
                .DistinctBy(tensor => tensor.Name)
                .ToArray();
            foreach (var tensor in found.Where(tensor => tensor.Dtype != found[0].Dtype))
                yield return VerificationFinding.Problem(
                    tensor.File,
                    $"is {tensor.Dtype.Name()}, but \"{found[0].Name}\" is {found[0].Dtype.Name()}; they are fused and must agree.",
                    tensor.Name);
        }
    }

    private static IEnumerable<IEnumerable<TensorSpec>> FusedTensors(DecoderLayerSpec layer)
    {
        yield return layer.QueryKeyValue.Parts;
        if (layer.FeedForward is MlpSpec mlp)
            yield return mlp.GateUp.Parts;
        if (layer.FeedForward is MoeSpec moe)
        {
            yield return moe.Experts.SelectMany(expert => expert.GateUp.Parts);
            yield return moe.Experts.SelectMany(expert => expert.Down.Parts);
        }
    }

    private static IEnumerable<(Tensor Tensor, long Offset, int Size)> Chunks(Tensor tensor)
    {
        for (long offset = 0; offset < tensor.Size; offset += ChunkSize)
            yield return (tensor, offset, (int)Math.Min(ChunkSize, tensor.Size - offset));
    }

    private static VerificationFinding? Judge(Tensor tensor, Result result)
    {
        if (result.Error is { } error)
            return VerificationFinding.Problem(tensor.File, error) with { Tensor = tensor.Name };
        var scan = result.Scan;
        if (!scan.IsFinite)
        {
            var position = PositionOf(tensor, scan.First);
            return VerificationFinding.Problem(
                tensor.File,
                $"{scan.NanCount} values are not a number and {scan.InfinityCount} are infinite, of {tensor.ElementCount}; "
                + $"the first is at {Tensor.Format(position)}.",
                tensor.Name) with
            {
                NanCount = scan.NanCount,
                InfinityCount = scan.InfinityCount,
                FirstPosition = position,
            };
        }
        return scan.IsZero && tensor.Size > 0
            ? VerificationFinding.Warning(tensor.File, $"all {tensor.ElementCount} values are 0.", tensor.Name)
            : null;
    }

    private static long[] PositionOf(Tensor tensor, long index)
    {
        var position = new long[tensor.Shape.Count];
        for (var i = position.Length - 1; i >= 0; i--)
        {
            position[i] = index % tensor.Shape[i];
            index /= tensor.Shape[i];
        }
        return position;
    }

    private sealed class Result
    {
        public FiniteScan Scan { get; } = new();

        public ModelFormatException? Error { get; private set; }

        public void Add(FiniteScan scan, ModelFormatException? error)
        {
            Scan.Add(scan);
            Error ??= error;
        }
    }
}
