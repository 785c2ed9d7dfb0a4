namespace Llm42.Weights;

/// <summary>The named tensors of a model, whatever format they are stored in.</summary>
public interface IWeightSource : IDisposable
{
    /// <summary>What to call the source in an error: the file, or the index of several.</summary>
    string Path { get; }

    /// <summary>All tensors by name.</summary>
    IReadOnlyDictionary<string, Tensor> Tensors { get; }
}
