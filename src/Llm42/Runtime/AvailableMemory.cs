using System.Globalization;
using Llm42.Native;

namespace Llm42.Runtime;

/// <summary>How much memory of a device may still be allocated.</summary>
internal static class AvailableMemory
{
    private const string MemoryInfoFile = "/proc/meminfo";
    private const string AvailableField = "MemAvailable:";

    // On a machine of which others want something too, and on a device of the engine's own, whose weights and activations
    // are counted already: the rest is for scratch memory, for graphs and for what the driver rounds up.
    private const double ShareOfMachine = 0.75;
    private const double ShareOfDevice = 0.9375;

    /// <summary>Which part of it a cache may take that nobody asked for in numbers.</summary>
    public static double DefaultShare(NativeDeviceInfo device) => device.Backend == "cpu" ? ShareOfMachine : ShareOfDevice;

    /// <summary>Bytes that may be allocated now.</summary>
    public static long Of(NativeDeviceInfo device)
    {
        var machine = OfMachine(device);
        return device.MemoryLimit == 0 ? machine : Math.Min(machine, device.MemoryLimit - device.MemoryAllocated);
    }

    private static long OfMachine(NativeDeviceInfo device)
    {
        if (device.Backend != "cpu")
            return device.MemoryFree;

        // The runtime knows the limit of a container, the kernel what other processes have left.
        var limit = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes - Environment.WorkingSet;
        return Math.Max(0, Math.Min(limit, OfKernel() ?? limit));
    }

    private static long? OfKernel()
    {
        if (!OperatingSystem.IsLinux() || !File.Exists(MemoryInfoFile))
            return null;
        var line = File.ReadLines(MemoryInfoFile).FirstOrDefault(l => l.StartsWith(AvailableField, StringComparison.Ordinal));
        var fields = line?.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields is [_, var kibibytes, ..]
            && long.TryParse(kibibytes, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            ? value * 1024
            : null;
    }
}
