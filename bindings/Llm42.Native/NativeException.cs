using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Llm42.Native;

/// <summary>A call into the native library failed; the message is the library's own.</summary>
[SuppressMessage("Design", "CA1032", Justification = "Without a status it would say nothing.")]
public sealed class NativeException : Exception
{
    /// <summary>Makes an exception.</summary>
    public NativeException(Status status, string message)
        : base(message) => Status = status;

    /// <summary>What kind of failure it was.</summary>
    public Status Status { get; }

    /// <summary>Throws unless the call succeeded. Must be called at once, on the thread of the call.</summary>
    internal static void ThrowIfFailed(Status status)
    {
        if (status != Status.Ok)
        {
            Throw(status);
        }
    }

    [DoesNotReturn]
    private static unsafe void Throw(Status status)
    {
        string? message = Marshal.PtrToStringUTF8((nint)NativeMethods.ErrorMessage());
        throw new NativeException(
            status, string.IsNullOrEmpty(message) ? $"the native library reported {status} without a message" : message);
    }
}
