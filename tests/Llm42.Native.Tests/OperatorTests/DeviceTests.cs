using Llm42.Native.Tests.Devices;

namespace Llm42.Native.Tests.OperatorTests;

[TestClass]
public sealed class DeviceTests
{
    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.All), typeof(DeviceMatrix))]
    public void Info_tells_what_was_asked_for(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        DeviceSpec spec = DeviceSpec.Parse(name);
        Assert.AreEqual(spec.Backend, device.Info.Backend);
        Assert.IsGreaterThan(0, device.Info.Name.Length);
        Assert.IsGreaterThan(0, device.Info.Profile.Length);
        if (spec.Backend == "cpu")
        {
            Assert.AreEqual(spec.Isa, device.Info.Isa);
            Assert.AreEqual(spec.Threads, device.Info.Threads);
            Assert.AreEqual(spec.Threads, device.Info.PlannedThreads);
            Assert.AreEqual(DType.F32, device.Info.ActivationType);
            Assert.AreEqual("cpu-fma-1", device.Info.Profile);
        }
    }

    [TestMethod]
    public void Auto_chooses_an_instruction_set_and_threads()
    {
        using NativeDevice device = NativeDevice.Open(new NativeDeviceOptions());
        Assert.AreNotEqual(CpuIsa.Auto, device.Info.Isa);
        Assert.IsGreaterThan(0, device.Info.Threads);
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.Isas), typeof(DeviceMatrix))]
    public void Memory_is_counted_and_given_back(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        long before = device.Device.Info.MemoryAllocated;
        NativeBuffer buffer = NativeBuffer.Create(device.Device, 1 << 20);
        long during = device.Device.Info.MemoryAllocated;
        buffer.Dispose();
        Assert.IsGreaterThanOrEqualTo(before + (1 << 20), during);
        Assert.AreEqual(before, device.Device.Info.MemoryAllocated);
        Assert.IsGreaterThanOrEqualTo(during, device.Device.Info.MemoryPeak);
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.OnePerBackend), typeof(DeviceMatrix))]
    public void A_limit_is_kept_and_told(string name)
    {
        NativeDeviceOptions options = TestDevice.OptionsOf(name);
        using NativeDevice device = NativeDevice.Open(options with { MemoryLimit = 1000 });
        Assert.AreEqual(1000, device.Info.MemoryLimit);
        using NativeBuffer buffer = NativeBuffer.Create(device, 600);
        NativeException error = Assert.ThrowsExactly<NativeException>(() => NativeBuffer.Create(device, 401));
        Assert.AreEqual(Status.OutOfMemory, error.Status);
        Assert.Contains("buffer of 401 bytes: memory_limit is 1000 bytes, of which 600 are in use", error.Message);
        error = Assert.ThrowsExactly<NativeException>(() => NativeDevice.Open(options with { MemoryLimit = -1 }));
        Assert.AreEqual(Status.InvalidArgument, error.Status);
        Assert.Contains("memory_limit is -1", error.Message);
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.OnePerBackend), typeof(DeviceMatrix))]
    public void What_is_free_is_what_may_be_allocated(string name)
    {
        using TestDevice unlimited = TestDevice.Open(name);
        Assert.IsGreaterThan(1L << 20, unlimited.Device.Info.MemoryFree);
        Assert.IsLessThanOrEqualTo(unlimited.Info.MemoryTotal, unlimited.Device.Info.MemoryFree);

        using NativeDevice device = NativeDevice.Open(
            new NativeDeviceOptions { Backend = unlimited.Info.Backend, Threads = 1, MemoryLimit = 100_000 });
        Assert.AreEqual(100_000 - device.Info.MemoryAllocated, device.Info.MemoryFree);
        using NativeBuffer all = NativeBuffer.Create(device, device.Info.MemoryFree);
        Assert.AreEqual(0, device.Info.MemoryFree);
        Assert.ThrowsExactly<NativeException>(() => NativeBuffer.Create(device, 1));
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.OnePerBackend), typeof(DeviceMatrix))]
    public void The_call_that_is_to_fail_fails_and_no_other(string name)
    {
        using NativeDevice device = NativeDevice.Open(TestDevice.OptionsOf(name) with { FailCall = 2 });
        using NativeStream stream = NativeStream.Create(device);
        using NativeBuffer buffer = NativeBuffer.Create(device, 4);
        buffer.Upload<int>(stream, [1]);
        NativeException error = Assert.ThrowsExactly<NativeException>(() => buffer.Upload<int>(stream, [2]));
        Assert.AreEqual(Status.Internal, error.Status);
        Assert.Contains("llm42_buffer_upload: call 2", error.Message);
        int[] value = new int[1];
        buffer.Download<int>(stream, value);
        Assert.AreEqual(1, value[0]);
        Assert.AreEqual(3, device.Info.Calls);
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.Isas), typeof(DeviceMatrix))]
    public void Buffers_begin_as_zero_and_hold_what_is_copied(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        NativeBuffer buffer = device.Bytes(40);
        CollectionAssert.AreEqual(new byte[40], device.Read<byte>(buffer, 40));
        buffer.Upload<short>(device.Stream, [1, -2, 3], offset: 6);
        CollectionAssert.AreEqual((short[])[0, 1, -2, 3, 0], device.Read<short>(buffer.At(4), 5));
        buffer.Upload<short>(device.Stream, [], offset: 40);
        Assert.IsEmpty(device.Read<int>(buffer.At(40), 0));
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.CpuIsas), typeof(DeviceMatrix))]
    public void Rounds_of_int8_products_tell_their_operations(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        long one = device.Device.RunInt8(1);
        Assert.IsGreaterThan(0, one);
        Assert.AreEqual(1000 * one, device.Device.RunInt8(1000));
        Assert.AreEqual(0, device.Device.RunInt8(0));
        foreach (long bad in (long[])[-1, (1L << 32) + 1])
        {
            NativeException refusal = Assert.ThrowsExactly<NativeException>(() => device.Device.RunInt8(bad));
            Assert.AreEqual(Status.InvalidArgument, refusal.Status);
            Assert.Contains($"rounds is {bad}", refusal.Message);
        }
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.Cuda), typeof(DeviceMatrix))]
    public void Cuda_has_no_rounds_of_int8_products(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        Assert.AreEqual(Status.Unsupported, Assert.ThrowsExactly<NativeException>(() => device.Device.RunInt8(1)).Status);
    }
}
