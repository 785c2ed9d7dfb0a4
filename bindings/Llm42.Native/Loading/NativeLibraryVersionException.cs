namespace Llm42.Native.Loading;

/// <summary>The native library that was found has another ABI version; the message names both and the file.</summary>
public sealed class NativeLibraryVersionException : DllNotFoundException
{
    internal NativeLibraryVersionException(string message)
        : base(message)
    {
    }
}
