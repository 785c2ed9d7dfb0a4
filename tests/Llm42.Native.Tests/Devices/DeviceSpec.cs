using System.Globalization;

namespace Llm42.Native.Tests.Devices;

/// <summary>One device of the matrix, by a name such as "cpu/avx2/2": backend, instruction set, threads.</summary>
internal sealed record DeviceSpec(string Backend, CpuIsa Isa, int Threads)
{
    /// <summary>How to open it.</summary>
    public NativeDeviceOptions Options => new() { Backend = Backend, Isa = Isa, Threads = Threads };

    public static DeviceSpec Parse(string name)
    {
        string[] parts = name.Split('/');
        return parts.Length == 1
            ? new DeviceSpec(parts[0], CpuIsa.Auto, 0)
            : new DeviceSpec(
                parts[0],
                Enum.Parse<CpuIsa>(parts[1], ignoreCase: true),
                int.Parse(parts[2], CultureInfo.InvariantCulture));
    }
}
