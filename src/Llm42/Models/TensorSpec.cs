using Llm42.Weights;

namespace Llm42.Models;

/// <summary>A tensor that a model needs: its name and the shape it must have.</summary>
internal sealed record TensorSpec(string Name, IReadOnlyList<long> Shape)
{
    public static TensorSpec Vector(string name, int size) => new(name, [size]);

    public static TensorSpec Matrix(string name, int rows, int columns) => new(name, [rows, columns]);

    /// <summary>Finds the tensor; throws if it is missing or shaped or typed otherwise.</summary>
    public Tensor In(IWeightSource source)
    {
        if (!source.Tensors.TryGetValue(Name, out var tensor))
            throw new ModelFormatException(
                source.Path, $"tensor \"{Name}\" of shape {Tensor.Format(Shape)} is missing.");
        if (!tensor.Shape.SequenceEqual(Shape))
            throw new ModelFormatException(
                tensor.File,
                $"tensor \"{Name}\" must have shape {Tensor.Format(Shape)}, found {Tensor.Format(tensor.Shape)}.");
        return tensor.Dtype is TensorDtype.F32 or TensorDtype.F16 or TensorDtype.BF16
            ? tensor
            : throw new ModelFormatException(
                tensor.File, $"tensor \"{Name}\" must be f32, f16 or bf16, found {tensor.Dtype.Name()}.");
    }
}
