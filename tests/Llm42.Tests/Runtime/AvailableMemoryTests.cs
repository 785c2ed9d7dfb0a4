using Llm42.Native;
using Llm42.Runtime;

namespace Llm42.Tests.Runtime;

[TestClass]
public sealed class AvailableMemoryTests
{
    [TestMethod]
    public void On_a_gpu_it_is_what_is_free_now()
    {
        Assert.AreEqual(1600, AvailableMemory.Of(Device("cuda") with { MemoryTotal = 8000, MemoryAllocated = 10, MemoryFree = 1600 }));
        Assert.AreEqual(0, AvailableMemory.Of(Device("cuda") with { MemoryTotal = 8000, MemoryFree = 0 }));
    }

    [TestMethod]
    public void A_limit_bounds_it()
    {
        var gpu = Device("cuda") with { MemoryTotal = 8000, MemoryAllocated = 900, MemoryFree = 1600, MemoryLimit = 1000 };
        Assert.AreEqual(100, AvailableMemory.Of(gpu));
        Assert.AreEqual(100, AvailableMemory.Of(Device("cpu") with { MemoryAllocated = 900, MemoryLimit = 1000 }));
    }

    [TestMethod]
    public void On_the_cpu_it_is_what_the_machine_and_the_container_leave()
    {
        // Not what the device says, which knows nothing of a container's limit.
        var available = AvailableMemory.Of(Device("cpu") with { MemoryFree = 1 });
        Assert.IsGreaterThan(1 << 20, available);
        Assert.IsLessThanOrEqualTo(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, available);
    }

    private static NativeDeviceInfo Device(string backend) => new(
        backend, "device", "profile", Threads: 0, PlannedThreads: 0, CpuIsa.Auto, DType.Bf16, FastIsInvariant: false,
        MemoryTotal: 0, MemoryAllocated: 0, MemoryPeak: 0, MemoryLimit: 0, Calls: 0, MemoryFree: 0, SupportsGraphs: false);
}
