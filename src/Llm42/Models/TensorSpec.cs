using Llm42.Weights;

namespace Llm42.Models;

/// <summary>A tensor that a model needs: its name and the shape it must have.</summary>
/// <param name="Name">Its name in the checkpoint.</param>
/// <param name="Shape">Its shape there.</param>
internal sealed record TensorSpec(string Name, IReadOnlyList<long> Shape)
{
    private (long First, long Count)? _rows;

    public static TensorSpec Vector(string name, int size) => new(name, [size]);

    public static TensorSpec Matrix(string name, int rows, int columns) => new(name, [rows, columns]);

    /// <summary>Some of its rows alone: a checkpoint may store as one what is used apart.</summary>
    public TensorSpec Rows(long first, long count) => this with { _rows = (first, count) };

    /// <summary>Finds the tensor, or the rows of it; throws if it is missing or shaped or typed otherwise.</summary>
    public Tensor In(IWeightSource source)
    {
        if (!source.Tensors.TryGetValue(Name, out var tensor))
            throw new ModelFormatException(
                source.Path, $"tensor \"{Name}\" of shape {Tensor.Format(Shape)} is missing.");
        if (!tensor.Shape.SequenceEqual(Shape))
            throw new ModelFormatException(
                tensor.File,
                $"tensor \"{Name}\" must have shape {Tensor.Format(Shape)}, found {Tensor.Format(tensor.Shape)}.");
        if (tensor.Dtype is not (TensorDtype.F32 or TensorDtype.F16 or TensorDtype.BF16))
            throw new ModelFormatException(
                tensor.File, $"tensor \"{Name}\" must be f32, f16 or bf16, found {tensor.Dtype.Name()}.");
        return _rows is not { } rows
            ? tensor
            : tensor.Slice($"{Name}[{rows.First}:{rows.First + rows.Count}]", rows.First, rows.Count);
    }
}
