using Llm42.Native;

namespace Llm42.Runtime;

/// <summary>A decoder on the device. Owns everything that it names.</summary>
/// <param name="Embedding">Token embedding; the same object as the head's if they are tied and the head is not int8.</param>
/// <param name="Layers">First to last.</param>
/// <param name="FinalNorm">Norm before the head.</param>
/// <param name="Head">Matrix of the logits.</param>
/// <param name="Owned">What is to be disposed.</param>
internal sealed record ModelWeights(
    NativeWeight Embedding,
    IReadOnlyList<LayerWeights> Layers,
    NativeBuffer FinalNorm,
    MatrixWeights Head,
    IReadOnlyList<IDisposable> Owned) : IDisposable
{
    public void Dispose()
    {
        foreach (var item in Owned)
            item.Dispose();
    }
}
