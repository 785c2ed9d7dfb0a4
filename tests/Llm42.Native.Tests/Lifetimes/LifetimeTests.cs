using System.Runtime.CompilerServices;
using Llm42.Native.Handles;
using Llm42.Native.Tests.Devices;

namespace Llm42.Native.Tests.Lifetimes;

[TestClass]
public sealed class LifetimeTests
{
    private const long Size = 1 << 20;

    [TestMethod]
    public void A_forgotten_buffer_is_queued_by_the_finalizer_and_destroyed_by_the_next_create()
    {
        using NativeDevice device = NativeDevice.Open(new NativeDeviceOptions { Threads = 1 });
        long before = device.Info.MemoryAllocated;
        Forget(device);
        Assert.IsGreaterThanOrEqualTo(before + Size, device.Info.MemoryAllocated);

        Collect();
        Assert.AreEqual(1, device.Handle.Releases.Count, "the finalizer must queue it");
        Assert.IsGreaterThanOrEqualTo(before + Size, device.Info.MemoryAllocated, "the finalizer must not destroy it");

        using NativeStream stream = NativeStream.Create(device);
        Assert.AreEqual(0, device.Handle.Releases.Count);
        Assert.AreEqual(before, device.Info.MemoryAllocated);
    }

    [TestMethod]
    public void A_forgotten_buffer_is_destroyed_by_the_next_dispose()
    {
        using NativeDevice device = NativeDevice.Open(new NativeDeviceOptions { Threads = 1 });
        NativeStream stream = NativeStream.Create(device);
        long before = device.Info.MemoryAllocated;
        Forget(device);
        Collect();
        Assert.AreEqual(1, device.Handle.Releases.Count);
        stream.Dispose();
        Assert.AreEqual(0, device.Handle.Releases.Count);
        Assert.IsLessThanOrEqualTo(before, device.Info.MemoryAllocated);
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.OnePerBackend), typeof(DeviceMatrix))]
    public void Children_keep_a_disposed_device_alive_in_any_order(string name)
    {
        NativeDevice device = NativeDevice.Open(TestDevice.OptionsOf(name));
        DeviceHandle handle = device.Handle;
        NativeStream stream = NativeStream.Create(device);
        NativeBuffer buffer = NativeBuffer.Create(device, 64);
        device.Dispose();

        buffer.Upload<int>(stream, [42]);
        int[] value = new int[1];
        buffer.Download<int>(stream, value);
        Assert.AreEqual(42, value[0]);

        stream.Dispose();
        buffer.Dispose();
        buffer.Dispose();
        device.Dispose();
        Assert.IsTrue(handle.IsClosed);
        Assert.AreEqual(0, handle.Releases.Count);
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.OnePerBackend), typeof(DeviceMatrix))]
    public void What_was_disposed_refuses_to_work(string name)
    {
        using NativeDevice device = NativeDevice.Open(TestDevice.OptionsOf(name));
        NativeStream stream = NativeStream.Create(device);
        NativeBuffer buffer = NativeBuffer.Create(device, 64);
        buffer.Dispose();
        Assert.ThrowsExactly<ObjectDisposedException>(() => buffer.Upload<int>(stream, [1]));
        stream.Dispose();
        Assert.ThrowsExactly<ObjectDisposedException>(stream.Synchronize);
        device.Dispose();
        Assert.ThrowsExactly<ObjectDisposedException>(() => device.Info);
        Assert.ThrowsExactly<ObjectDisposedException>(() => NativeBuffer.Create(device, 64));
    }

    [TestMethod]
    public unsafe void A_forgotten_device_is_leaked_and_not_closed_by_the_finalizer()
    {
        (nint pointer, WeakReference handle) = ForgetDevice();
        Collect();
        Assert.IsFalse(handle.IsAlive);

        DeviceInfo info = new() { StructSize = (uint)sizeof(DeviceInfo) };
        Assert.AreEqual(Status.Ok, NativeMethods.DeviceGetInfo((OpaqueDevice*)pointer, &info));
        Assert.AreEqual(1, info.Threads);
        NativeMethods.DeviceDestroy((OpaqueDevice*)pointer);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Forget(NativeDevice device) => _ = NativeBuffer.Create(device, Size);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static unsafe (nint Pointer, WeakReference Handle) ForgetDevice()
    {
        NativeDevice device = NativeDevice.Open(new NativeDeviceOptions { Threads = 1 });
        return ((nint)device.Handle.Pointer, new WeakReference(device.Handle));
    }

    private static void Collect()
    {
        // Twice: the first round runs the finalizers, the second one collects what they ran on.
        for (int i = 0; i < 2; ++i)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }
}
