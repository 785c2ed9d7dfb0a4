using System.Buffers.Binary;

namespace Llm42.Weights;

/// <summary>Reads small tensors as f32; every f16 and bf16 value is an f32 value, so nothing is rounded.</summary>
internal static class TensorConversion
{
    public static void ReadFloats(this Tensor tensor, Span<float> destination)
    {
        if (destination.Length != tensor.ElementCount)
            throw new ArgumentException(
                $"tensor {tensor.Name} has {tensor.ElementCount} elements, not {destination.Length}.", nameof(destination));
        var size = tensor.Dtype.ElementSize();
        var bytes = new byte[destination.Length * size];
        tensor.Read(0, bytes);
        for (var i = 0; i < destination.Length; i++)
        {
            var element = bytes.AsSpan(i * size, size);
            destination[i] = tensor.Dtype switch
            {
                TensorDtype.F32 => BinaryPrimitives.ReadSingleLittleEndian(element),
                TensorDtype.F16 => (float)BinaryPrimitives.ReadHalfLittleEndian(element),
                TensorDtype.BF16 => BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadInt16LittleEndian(element) << 16),
                _ => throw new ArgumentException($"tensor {tensor.Name} is {tensor.Dtype.Name()}, not f32, f16 or bf16."),
            };
        }
    }
}
