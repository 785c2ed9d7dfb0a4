namespace Llm42.PackedWeights;

/// <summary>A file of packed weights cannot be used; the message says why. The weights themselves are not in question.</summary>
internal sealed class PackedFileException(string message, Exception? inner = null) : Exception(message, inner);
