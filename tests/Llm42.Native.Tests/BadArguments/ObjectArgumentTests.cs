using System.Runtime.InteropServices;
using Llm42.Native.Tests.Devices;

namespace Llm42.Native.Tests.BadArguments;

/// <summary>Bad arguments of devices, streams, buffers and weights.</summary>
[TestClass]
public sealed unsafe class ObjectArgumentTests
{
    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.OnePerBackend), typeof(DeviceMatrix))]
    public void Device(string name)
    {
        nint backend = Marshal.StringToCoTaskMemUTF8(TestDevice.OptionsOf(name).Backend);
        nint unknown = Marshal.StringToCoTaskMemUTF8("abacus");
        try
        {
            DeviceOptions good = new() { StructSize = (uint)sizeof(DeviceOptions), Threads = 1, Backend = (byte*)backend };
            new Refusals<DeviceOptions>(good, Create)
                .Add("ordinal", "1000", (ref DeviceOptions p) => p.Ordinal = 1000)
                .Add("ordinal", "-1", (ref DeviceOptions p) => p.Ordinal = -1)
                .Add("threads", "-1", (ref DeviceOptions p) => p.Threads = -1)
                .Add("threads", "1025", (ref DeviceOptions p) => p.Threads = 1025)
                .Add("planned_threads", "-1", (ref DeviceOptions p) => p.PlannedThreads = -1)
                .Add("planned_threads", "1025", (ref DeviceOptions p) => p.PlannedThreads = 1025)
                .Add("isa", "9", (ref DeviceOptions p) => p.Isa = (CpuIsa)9)
                .Add("reserved", "1", (ref DeviceOptions p) => p.Reserved = 1)
                .Add("backend", "NULL", (ref DeviceOptions p) => p.Backend = null)
                .Add(Status.InvalidArgument, ["backend", "abacus", "cpu", "cuda"], (ref DeviceOptions p) => p.Backend = (byte*)unknown)
                .Check();
            Assert.AreEqual(Status.InvalidArgument, NativeMethods.DeviceCreate(&good, null));
        }
        finally
        {
            Marshal.FreeCoTaskMem(backend);
            Marshal.FreeCoTaskMem(unknown);
        }
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.OnePerBackend), typeof(DeviceMatrix))]
    public void Device_info(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        OpaqueDevice* handle = device.Device.Handle.Pointer;
        new Refusals<DeviceInfo>(
            new DeviceInfo { StructSize = (uint)sizeof(DeviceInfo) }, p => NativeMethods.DeviceGetInfo(handle, p)).Check();
        DeviceInfo info = new() { StructSize = (uint)sizeof(DeviceInfo) };
        Assert.AreEqual(Status.InvalidArgument, NativeMethods.DeviceGetInfo(null, &info));
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.OnePerBackend), typeof(DeviceMatrix))]
    public void Buffer(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        foreach (long size in (long[])[0, -1, (1L << 46) + 1, long.MinValue, long.MaxValue])
        {
            NativeException failure =
                Assert.ThrowsExactly<NativeException>(() => NativeBuffer.Create(device.Device, size));
            Assert.AreEqual(Status.InvalidArgument, failure.Status, failure.Message);
            Assert.Contains("size", failure.Message);
            Assert.Contains($"{size}", failure.Message);
        }

        NativeException tooMuch =
            Assert.ThrowsExactly<NativeException>(() => NativeBuffer.Create(device.Device, 1L << 46));
        Assert.AreEqual(Status.OutOfMemory, tooMuch.Status, tooMuch.Message);
        Assert.Contains($"{1L << 46}", tooMuch.Message);

        OpaqueBuffer* none;
        Assert.AreEqual(Status.InvalidArgument, NativeMethods.BufferCreate(null, 8, &none));
        Assert.AreEqual(Status.InvalidArgument, NativeMethods.BufferCreate(device.Device.Handle.Pointer, 8, null));
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.OnePerBackend), typeof(DeviceMatrix))]
    public void Copies(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        using TestDevice other = TestDevice.Open(name);
        NativeBuffer buffer = device.Bytes(64);
        NativeBuffer foreign = other.Bytes(64);
        byte* host = stackalloc byte[128];
        foreach ((long offset, long size, string word, string value) in ((long, long, string, string)[])[
            (-1, 4, "offset", "-1"), (0, -1, "size", "-1"), (0, 65, "size", "65"), (64, 1, "size", "1"),
            (65, 0, "offset", "65"), (8, long.MaxValue, "size", "9223372036854775807"), (long.MaxValue, 1, "offset", "9223372036854775807")])
        {
            Refused(NativeMethods.BufferUpload(device.Stream.Pointer, buffer.Pointer, offset, host, size), word, value);
            Refused(NativeMethods.BufferDownload(device.Stream.Pointer, buffer.Pointer, offset, host, size), word, value);
        }

        Refused(NativeMethods.BufferUpload(device.Stream.Pointer, buffer.Pointer, 0, null, 4), "source", "NULL");
        Refused(NativeMethods.BufferDownload(device.Stream.Pointer, buffer.Pointer, 0, null, 4), "destination", "NULL");
        Refused(NativeMethods.BufferUpload(device.Stream.Pointer, null, 0, host, 4), "buffer", "NULL");
        Refused(NativeMethods.BufferDownload(device.Stream.Pointer, null, 0, host, 4), "buffer", "NULL");
        Refused(NativeMethods.BufferUpload(null, buffer.Pointer, 0, host, 4), "stream", "NULL");
        Refused(NativeMethods.BufferDownload(null, buffer.Pointer, 0, host, 4), "stream", "NULL");
        Refused(NativeMethods.BufferUpload(device.Stream.Pointer, foreign.Pointer, 0, host, 4), "buffer", "device");
        Refused(NativeMethods.BufferDownload(device.Stream.Pointer, foreign.Pointer, 0, host, 4), "buffer", "device");
        Refused(NativeMethods.StreamSynchronize(null), "stream", "NULL");
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.OnePerBackend), typeof(DeviceMatrix))]
    public void Weight(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        float* data = stackalloc float[64];
        WeightPart* parts = stackalloc WeightPart[2];
        parts[0] = new WeightPart { Data = data, Size = 96, Rows = 3 };
        parts[1] = new WeightPart { Data = data, Size = 64, Rows = 2 };
        WeightPart* bad = stackalloc WeightPart[1];
        WeightParams good = new()
        {
            StructSize = (uint)sizeof(WeightParams),
            DType = DType.F32,
            Format = DType.Bf16,
            Columns = 8,
            PartCount = 2,
            Parts = parts,
        };
        OpaqueStream* stream = device.Stream.Pointer;
        Refusals<WeightParams> refusals = new(good, p => Create(stream, p));
        refusals
            .Add("dtype", "0", (ref WeightParams p) => p.DType = DType.Default)
            .Add("dtype", "4", (ref WeightParams p) => p.DType = DType.I32)
            .Add("dtype", "-3", (ref WeightParams p) => p.DType = (DType)(-3))
            .Add("format", "99", (ref WeightParams p) => p.Format = (DType)99)
            .Add("layout", "5", (ref WeightParams p) => p.Layout = (WeightLayout)5)
            .Add("columns", "0", (ref WeightParams p) => p.Columns = 0)
            .Add("columns", "16777217", (ref WeightParams p) => p.Columns = (1 << 24) + 1)
            .Add("part_count", "0", (ref WeightParams p) => p.PartCount = 0)
            .Add("part_count", "65", (ref WeightParams p) => p.PartCount = 65)
            .Add("parts", "NULL", (ref WeightParams p) => p.Parts = null)
            .Add("parts", "layout", (ref WeightParams p) => p.Layout = WeightLayout.GateUp)
            .Add("part_count", "1", (ref WeightParams p) => (p.Layout, p.PartCount) = (WeightLayout.GateUp, 1))
            .Check();

        foreach ((WeightPart part, string word, string value) in ((WeightPart, string, string)[])[
            (new WeightPart { Data = null, Size = 96, Rows = 3 }, "data", "NULL"),
            (new WeightPart { Data = data, Size = 95, Rows = 3 }, "size", "95"),
            (new WeightPart { Data = data, Size = 97, Rows = 3 }, "size", "97"),
            (new WeightPart { Data = data, Size = -96, Rows = 3 }, "size", "-96"),
            (new WeightPart { Data = data, Size = 96, Rows = 0 }, "rows", "0"),
            (new WeightPart { Data = data, Size = 96, Rows = -3 }, "rows", "-3"),
            (new WeightPart { Data = data, Size = 0, Rows = 1L << 59 }, "rows", "576460752303423488")])
        {
            *bad = part;
            WeightParams one = good with { PartCount = 1 };
            one.Parts = bad;
            Refused(Create(stream, &one), word, value);
        }

        OpaqueWeight* none;
        Refused(NativeMethods.WeightCreate(null, &good, &none), "stream", "NULL");
        Refused(NativeMethods.WeightCreate(stream, &good, null), "weight", "NULL");
        NativeWeight weight = device.Weight(new float[8], 1, 8);
        new Refusals<WeightInfo>(
            new WeightInfo { StructSize = (uint)sizeof(WeightInfo) }, p => NativeMethods.WeightGetInfo(weight.Pointer, p)).Check();
    }

    [TestMethod]
    public void Destroying_null_does_nothing()
    {
        NativeMethods.BufferDestroy(null);
        NativeMethods.WeightDestroy(null);
        NativeMethods.KvCacheDestroy(null);
        NativeMethods.StreamDestroy(null);
        NativeMethods.DeviceDestroy(null);
    }

    private static void Refused(Status status, string word, string value)
    {
        string message = Marshal.PtrToStringUTF8((nint)NativeMethods.ErrorMessage())!;
        Assert.AreEqual(Status.InvalidArgument, status, $"{word} = {value}: {message}");
        Assert.Contains(word, message);
        Assert.Contains(value, message);
    }

    private static Status Create(DeviceOptions* options)
    {
        OpaqueDevice* device;
        Status status = NativeMethods.DeviceCreate(options, &device);
        if (status == Status.Ok)
        {
            NativeMethods.DeviceDestroy(device);
        }
        else
        {
            Assert.IsTrue(device is null, "a refused create must leave NULL");
        }

        return status;
    }

    private static Status Create(OpaqueStream* stream, WeightParams* parameters)
    {
        OpaqueWeight* weight;
        Status status = NativeMethods.WeightCreate(stream, parameters, &weight);
        if (status == Status.Ok)
        {
            _ = NativeMethods.StreamSynchronize(stream);
            NativeMethods.WeightDestroy(weight);
        }

        return status;
    }
}
