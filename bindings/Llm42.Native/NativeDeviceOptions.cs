namespace Llm42.Native;

/// <summary>How to open a device. The native library checks the values.</summary>
public sealed record NativeDeviceOptions
{
    /// <summary>Backend name: "cpu", "cuda".</summary>
    public string Backend { get; init; } = "cpu";

    /// <summary>Which device of the backend, from 0.</summary>
    public int Ordinal { get; init; }

    /// <inheritdoc cref="DeviceOptions.Threads"/>
    public int Threads { get; init; }

    /// <inheritdoc cref="DeviceOptions.PlannedThreads"/>
    public int PlannedThreads { get; init; }

    /// <inheritdoc cref="DeviceOptions.Isa"/>
    public CpuIsa Isa { get; init; }

    /// <inheritdoc cref="DeviceOptions.MemoryLimit"/>
    public long MemoryLimit { get; init; }

    /// <inheritdoc cref="DeviceOptions.FailCall"/>
    public long FailCall { get; init; }
}
