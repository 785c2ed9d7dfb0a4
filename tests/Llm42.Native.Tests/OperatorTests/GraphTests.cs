using Llm42.Native.Arguments;
using Llm42.Native.Tests.Comparison;
using Llm42.Native.Tests.Devices;

namespace Llm42.Native.Tests.OperatorTests;

/// <summary>Graphs: the bits of the same calls, on what the buffers hold at the launch.</summary>
[TestClass]
public sealed class GraphTests
{
    private const int Steps = 3;

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.OnePerBackend), typeof(DeviceMatrix))]
    public void A_backend_says_whether_it_has_them(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        Assert.AreEqual(device.Info.Backend != "cpu", device.Info.SupportsGraphs);
        if (device.Info.SupportsGraphs)
        {
            device.Stream.BeginGraph();
            return;
        }

        NativeException error = Assert.ThrowsExactly<NativeException>(device.Stream.BeginGraph);
        Assert.AreEqual(Status.Unsupported, error.Status);
        Assert.Contains("llm42_graph_begin: backend \"cpu\" records no graphs", error.Message);
        Gathers(device, [1]).Enqueue();
        device.Stream.Synchronize();
        Refused(() => device.Stream.EndGraph(), "llm42_graph_end: stream is not recording");
    }

    [OperatorTestMethod]
    [DynamicData(nameof(Cases))]
    public void Launches_give_the_bits_of_the_calls(string name, Numerics numerics, int rows)
    {
        float[][] expected = Run(name, numerics, rows, (_, chain) => chain.Enqueue());
        NativeGraph? graph = null;
        float[][] actual = Run(name, numerics, rows, (device, chain) => device.Stream.Launch(graph ??= chain.Record()));
        for (int step = 0; step < Steps; ++step)
        {
            BitAssert.AreEqual(expected[step], actual[step], 1, $"{name}, {numerics}, {rows} rows, step {step}");
        }

        // The steps differ, so that a graph that repeats the contents of its recording would be seen.
        BitAssert.AreNotEqual(expected[0], expected[1], "steps 0 and 1");
        BitAssert.AreNotEqual(expected[1], expected[2], "steps 1 and 2");
    }

    [OperatorTestMethod]
    [DynamicData(nameof(DeviceMatrix.Cuda), typeof(DeviceMatrix))]
    public void Recording_runs_nothing(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        GatherRow row = Gathers(device, [2]);
        using NativeGraph graph = row.Record();
        CollectionAssert.AreEqual(new float[2], row.Read());
        device.Stream.Launch(graph);
        CollectionAssert.AreEqual((float[])[5, 6], row.Read());
    }

    [OperatorTestMethod]
    [DynamicData(nameof(DeviceMatrix.Cuda), typeof(DeviceMatrix))]
    public void Scratch_memory_may_grow_behind_a_graph(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        DecoderChain small = new(device, Numerics.Invariant, 5);
        DecoderChain large = new(device, Numerics.Invariant, 65);
        small.Fill(0);
        long before = device.Device.Info.MemoryAllocated;
        NativeGraph graph = small.Record();
        long withSmall = device.Device.Info.MemoryAllocated;
        Assert.IsGreaterThan(before, withSmall, "the chain needs no scratch memory: the test shows nothing");
        device.Stream.Launch(graph);
        float[] expected = small.Read();

        // By operators that run at once, then by another graph.
        large.Fill(0);
        large.Enqueue();
        float[] expectedLarge = large.Read();
        long eager = device.Device.Info.MemoryAllocated;
        Assert.IsGreaterThan(withSmall, eager);
        device.Stream.Launch(graph);
        BitAssert.AreEqual(expected, small.Read(), 1, "after the operators");

        NativeGraph largeGraph = large.Record();
        long withBoth = device.Device.Info.MemoryAllocated;
        Assert.IsGreaterThan(eager + (1 << 16), withBoth, "the first graph's scratch memory must stay");
        device.Stream.Launch(largeGraph);
        device.Stream.Launch(graph);
        BitAssert.AreEqual(expectedLarge, large.Read(), 1, "the larger graph");
        BitAssert.AreEqual(expected, small.Read(), 1, "after the larger graph");

        graph.Dispose();
        Assert.AreEqual(withBoth - (withSmall - before), device.Device.Info.MemoryAllocated);
        device.Stream.Launch(largeGraph);
        BitAssert.AreEqual(expectedLarge, large.Read(), 1, "after the first graph");
    }

    [OperatorTestMethod]
    [DynamicData(nameof(DeviceMatrix.Cuda), typeof(DeviceMatrix))]
    public void What_the_kernels_of_a_launch_refuse_is_told_once_at_synchronisation(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        DecoderChain chain = new(device, Numerics.Fast, 4);
        chain.Fill(0);
        NativeGraph graph = chain.Record();
        device.Stream.Synchronize();
        device.Stream.Launch(graph);
        float[] good = chain.Read();

        chain.Ids.Upload<int>(device.Stream, [1, 2, DecoderChain.Vocabulary, 3]);
        device.Stream.Launch(graph);
        Refused(device.Stream.Synchronize, "ids[2] is 70; it must be 0..69");
        device.Stream.Synchronize();

        // The same rows again into the same slots.
        chain.Ids.Upload<int>(device.Stream, TestData.Integers(4, DecoderChain.Vocabulary, 100));
        device.Stream.Launch(graph);
        BitAssert.AreEqual(good, chain.Read(), 1, "after the error");
    }

    [OperatorTestMethod]
    [DynamicData(nameof(DeviceMatrix.Cuda), typeof(DeviceMatrix))]
    public void What_cannot_be_recorded_is_refused_and_the_recording_goes_on(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        GatherRow row = Gathers(device, [1]);
        using NativeGraph earlier = row.Record();
        NativeBuffer buffer = device.Bytes(8);
        Refused(() => device.Stream.EndGraph(), "llm42_graph_end: stream is not recording a graph");

        device.Stream.BeginGraph();
        Refused(() => buffer.Upload<int>(device.Stream, [1]), "llm42_buffer_upload: stream is recording a graph, and an upload");
        Refused(() => device.Read<int>(buffer, 1), "llm42_buffer_download: stream is recording a graph, and a download");
        Refused(device.Stream.Synchronize, "llm42_stream_synchronize: stream is recording a graph");
        Refused(() => device.Weight(new float[8], 1, 8, DType.Bf16), "llm42_weight_create: stream is recording a graph");
        Refused(() => device.Stream.Launch(earlier), "llm42_graph_launch: stream is recording a graph");
        Refused(device.Stream.BeginGraph, "stream is recording a graph");
        unsafe
        {
            // Without the wait before it.
            Assert.AreEqual(Status.InvalidArgument, NativeMethods.GraphBegin(device.Stream.Pointer));
        }

        row.Enqueue();
        using NativeGraph graph = device.Stream.EndGraph();
        device.Stream.Launch(graph);
        CollectionAssert.AreEqual((float[])[3, 4], row.Read());
    }

    [OperatorTestMethod]
    [DynamicData(nameof(DeviceMatrix.Cuda), typeof(DeviceMatrix))]
    public void What_touches_no_recording_stream_goes_on(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        GatherRow row = Gathers(device, [1]);
        NativeBuffer dropped = NativeBuffer.Create(device.Device, 100);
        using NativeStream first = NativeStream.Create(device.Device);
        device.Stream.BeginGraph();
        dropped.Dispose();
        using (NativeStream second = NativeStream.Create(device.Device))
        using (NativeBuffer buffer = NativeBuffer.Create(device.Device, 4))
        using (TestDevice other = TestDevice.Open(name))
        {
            foreach (NativeStream stream in (NativeStream[])[first, second])
            {
                int[] value = new int[1];
                buffer.Upload<int>(stream, [7]);
                buffer.Download<int>(stream, value);
                Assert.AreEqual(7, value[0]);

                // More than the staging memory holds, so that it waits for the device.
                using NativeBuffer large = NativeBuffer.Create(device.Device, 6 << 20);
                large.Upload<byte>(stream, new byte[6 << 20]);
                using NativeWeight weight = NativeWeight.Create<ushort>(
                    stream, new NativeWeightOptions { SourceType = DType.Bf16, Columns = 8 }, new ushort[64], 8);
                stream.Synchronize();
            }

            Assert.IsGreaterThan(0, device.Device.Info.MemoryFree);
            Assert.IsEmpty(other.Read<int>(other.Bytes(4), 0));
        }

        row.Enqueue();
        using NativeGraph graph = device.Stream.EndGraph();
        device.Stream.Launch(graph);
        CollectionAssert.AreEqual((float[])[3, 4], row.Read());
    }

    [OperatorTestMethod]
    [DynamicData(nameof(DeviceMatrix.Cuda), typeof(DeviceMatrix))]
    public void An_operator_that_fails_fails_the_recording(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        GatherRow row = Gathers(device, [1]);
        device.Stream.BeginGraph();
        row.Enqueue();
        Refused(() => row.Enqueue(rows: -1), "rows is -1");
        Refused(() => row.Enqueue(rows: -2), "rows is -2");
        row.Enqueue();
        Refused(
            () => device.Stream.EndGraph(),
            "llm42_graph_end: there is no graph, because an operator failed while the stream recorded: llm42_gather_rows: rows is -1");

        row.Enqueue();
        CollectionAssert.AreEqual((float[])[3, 4], row.Read());
        using NativeGraph graph = row.Record();
        device.Stream.Launch(graph);
        device.Stream.Synchronize();
    }

    [OperatorTestMethod]
    [DynamicData(nameof(DeviceMatrix.Cuda), typeof(DeviceMatrix))]
    public void A_launch_counts_as_one_call_and_can_be_the_one_that_fails(string name)
    {
        using TestDevice probe = TestDevice.Open(name);
        using NativeDevice device =
            NativeDevice.Open(new NativeDeviceOptions { Backend = probe.Info.Backend, FailCall = 6 });
        using NativeStream stream = NativeStream.Create(device);
        GatherRow row = new(device, stream, [1]); // calls 1 and 2
        using NativeGraph graph = row.Record(); // 3
        stream.Launch(graph);
        stream.Launch(graph); // 5
        Assert.AreEqual(5, device.Info.Calls);
        NativeException error = Assert.ThrowsExactly<NativeException>(() => stream.Launch(graph));
        Assert.AreEqual(Status.Internal, error.Status);
        Assert.Contains("llm42_graph_launch: call 6", error.Message);
        CollectionAssert.AreEqual((float[])[3, 4], row.Read());
        stream.Launch(graph);
        stream.Synchronize();
    }

    [OperatorTestMethod]
    [DynamicData(nameof(DeviceMatrix.Cuda), typeof(DeviceMatrix))]
    public void An_injected_failure_while_recording_fails_the_recording(string name)
    {
        using TestDevice probe = TestDevice.Open(name);
        using NativeDevice device =
            NativeDevice.Open(new NativeDeviceOptions { Backend = probe.Info.Backend, FailCall = 3 });
        using NativeStream stream = NativeStream.Create(device);
        GatherRow row = new(device, stream, [1]);
        stream.BeginGraph();
        Assert.ThrowsExactly<NativeException>(() => row.Enqueue());
        NativeException error = Assert.ThrowsExactly<NativeException>(() => stream.EndGraph());
        Assert.AreEqual(Status.Internal, error.Status);
        Assert.Contains("call 3", error.Message);
        using NativeGraph graph = row.Record();
        stream.Launch(graph);
        CollectionAssert.AreEqual((float[])[3, 4], row.Read());
    }

    [OperatorTestMethod]
    [DynamicData(nameof(DeviceMatrix.Cuda), typeof(DeviceMatrix))]
    public void A_graph_belongs_to_its_stream(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        using TestDevice other = TestDevice.Open(name);
        using NativeStream second = NativeStream.Create(device.Device);
        using NativeGraph graph = Gathers(device, [1]).Record();
        Refused(() => second.Launch(graph), "llm42_graph_launch: graph was recorded on stream 1 of the device, not on this one, 2");
        Refused(() => other.Stream.Launch(graph), "graph belongs to another device");
        unsafe
        {
            OpaqueGraph* made;
            Assert.AreEqual(Status.InvalidArgument, NativeMethods.GraphLaunch(device.Stream.Pointer, null));
            Assert.AreEqual(Status.InvalidArgument, NativeMethods.GraphLaunch(null, graph.Pointer));
            Assert.AreEqual(Status.InvalidArgument, NativeMethods.GraphBegin(null));
            Assert.AreEqual(Status.InvalidArgument, NativeMethods.GraphEnd(null, &made));
            Assert.AreEqual(Status.InvalidArgument, NativeMethods.GraphEnd(device.Stream.Pointer, null));
            NativeMethods.GraphDestroy(null);
        }
    }

    [OperatorTestMethod]
    [DynamicData(nameof(DeviceMatrix.Cuda), typeof(DeviceMatrix))]
    public void Another_thread_does_not_end_a_recording(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        GatherRow row = Gathers(device, [1]);
        device.Stream.BeginGraph();
        row.Enqueue();
        Exception? failure = null;
        Thread thread = new(() =>
        {
            try
            {
                Refused(() => device.Stream.EndGraph(), "another thread began; end it on that thread");
            }
            catch (Exception thrown)
            {
                failure = thrown;
            }
        });
        thread.Start();
        thread.Join();
        Assert.IsNull(failure);
        using NativeGraph graph = device.Stream.EndGraph();
        device.Stream.Launch(graph);
        CollectionAssert.AreEqual((float[])[3, 4], row.Read());
    }

    [OperatorTestMethod]
    [DynamicData(nameof(DeviceMatrix.Cuda), typeof(DeviceMatrix))]
    public void Graphs_streams_and_devices_go_in_any_order(string name)
    {
        NativeGraph graph;
        using (TestDevice device = TestDevice.Open(name))
        {
            DecoderChain chain = new(device, Numerics.Fast, 3);
            chain.Fill(0);
            device.Stream.BeginGraph();
            chain.Enqueue();
            graph = device.Stream.EndGraph();
            device.Stream.Launch(graph);
            device.Stream.BeginGraph(); // and the stream goes while it records
            chain.Enqueue();
        }

        graph.Dispose();
        graph.Dispose();

        using TestDevice second = TestDevice.Open(name);
        NativeStream stream = NativeStream.Create(second.Device);
        long before = second.Device.Info.MemoryAllocated;
        GatherRow row = new(second.Device, stream, [1]);
        NativeGraph late = row.Record();
        stream.Dispose();
        Assert.ThrowsExactly<ObjectDisposedException>(() => stream.Launch(late));
        late.Dispose();
        Assert.ThrowsExactly<ObjectDisposedException>(() => second.Stream.Launch(late));
        row.Dispose();
        Assert.IsLessThanOrEqualTo(before, second.Device.Info.MemoryAllocated);
    }

    [OperatorTestMethod]
    [DynamicData(nameof(DeviceMatrix.Cuda), typeof(DeviceMatrix))]
    public void Memory_that_runs_out_while_recording_fails_the_recording_alone(string name)
    {
        using TestDevice probe = TestDevice.Open(name);
        using NativeDevice device = NativeDevice.Open(
            new NativeDeviceOptions { Backend = probe.Info.Backend, MemoryLimit = 400_000 });
        using NativeStream stream = NativeStream.Create(device);
        using NativeWeight weight = NativeWeight.Create<ushort>(
            stream, new NativeWeightOptions { SourceType = DType.Bf16, Columns = 1024 }, new ushort[64 * 1024], 64);
        using NativeBuffer rows = NativeBuffer.Create(device, 2 * 64 * 1024);
        using NativeBuffer output = NativeBuffer.Create(device, 2 * 64 * 64);
        using NativeBuffer taken = NativeBuffer.Create(device, device.Info.MemoryFree - 100);
        LinearArguments linear = new()
        {
            Rows = 64, Numerics = Numerics.Invariant, Weight = weight, Input = rows, Output = output,
        };
        stream.BeginGraph();
        NativeException error = Assert.ThrowsExactly<NativeException>(() => Operators.Linear(stream, linear));
        Assert.AreEqual(Status.OutOfMemory, error.Status, error.Message);
        Assert.Contains("workspace of a graph of ", error.Message);
        Assert.Contains("memory_limit is 400000 bytes, of which 399900 are in use", error.Message);
        error = Assert.ThrowsExactly<NativeException>(() => stream.EndGraph());
        Assert.AreEqual(Status.OutOfMemory, error.Status, error.Message);
        Assert.AreEqual(100, device.Info.MemoryFree);

        taken.Dispose();
        stream.BeginGraph();
        Operators.Linear(stream, linear);
        using NativeGraph graph = stream.EndGraph();
        stream.Launch(graph);
        stream.Synchronize();
    }

    public static IEnumerable<TestDataRow<(string Device, Numerics Numerics, int Rows)>> Cases =>
        from device in DeviceMatrix.Cuda
        from numerics in (Numerics[])[Numerics.Fast, Numerics.Invariant]
        from rows in (int[])[1, 5, 17]
        select new TestDataRow<(string, Numerics, int)>((device.Value, numerics, rows)) { TestCategories = device.TestCategories };

    private static float[][] Run(string name, Numerics numerics, int rows, Action<TestDevice, DecoderChain> step)
    {
        using TestDevice device = TestDevice.Open(name);
        DecoderChain chain = new(device, numerics, rows);
        float[][] outputs = new float[Steps][];
        for (int i = 0; i < Steps; ++i)
        {
            chain.Fill(i);
            step(device, chain);
            outputs[i] = chain.Read();
        }

        return outputs;
    }

    private static GatherRow Gathers(TestDevice device, int[] indices) =>
        device.Own(new GatherRow(device.Device, device.Stream, indices));

    private static void Refused(Action action, string words)
    {
        NativeException error = Assert.ThrowsExactly<NativeException>(action);
        Assert.AreEqual(Status.InvalidArgument, error.Status, error.Message);
        Assert.Contains(words, error.Message);
    }
}
