namespace Llm42.Native.Loading;

/// <summary>The native library could not be loaded; the message names every place that was tried.</summary>
public sealed class NativeLibraryNotFoundException : DllNotFoundException
{
    internal NativeLibraryNotFoundException(string message)
        : base(message)
    {
    }
}
