using System.Globalization;
using Llm42.Native;

namespace Llm42.Runtime;

/// <summary>How much memory of a device may still be allocated.</summary>
internal static class AvailableMemory
{
    private const string MemoryInfoFile = "/proc/meminfo";
    private const string AvailableField = "MemAvailable:";
    private const int MarginPart = 16;

    public static long Of(NativeDeviceInfo device)
    {
        var machine = OfMachine(device);
        return device.MemoryLimit == 0 ? machine : Math.Min(machine, device.MemoryLimit - device.MemoryAllocated);
    }

    private static long OfMachine(NativeDeviceInfo device)
    {
        // A part stays free: for the scratch memory that operators ask for later, for graphs, and for what the driver
        // rounds up.
        if (device.Backend != "cpu")
            return device.MemoryFree - (device.MemoryFree / MarginPart);

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
