using System.Runtime.InteropServices;
using Llm42.Native;
using Llm42.PackedWeights;

namespace Llm42.Tests.PackedWeights;

/// <summary>The layout of packed weights, which files outlive builds by, and weights that are filled with it.</summary>
[TestClass]
public sealed class PackingTests
{
    /// <summary>
    /// Of a version of the layout there is one form. Whoever sees this fail has changed it: let packing_version in
    /// native/cpu/weight_panels.h be one more, and change the version and the checksums here.
    /// </summary>
    [TestMethod]
    [DataRow(DType.F32, WeightLayout.Rows, 2, "4f5525e5a455e48b6ee9c0a8ffc155fd")]
    [DataRow(DType.F16, WeightLayout.Rows, 1, "d7f4236140fa62ea4ce946cccdf21627")]
    [DataRow(DType.Bf16, WeightLayout.Rows, 1, "b1dc6538ea5554af94364d70c7be8ead")]
    [DataRow(DType.Bf16, WeightLayout.GateUp, 2, "0d02a7f3055e28f12f52517816e585ec")]
    [DataRow(DType.I8, WeightLayout.Rows, 1, "3943742ad9c754f7670f6eb8942f4c22")]
    [DataRow(DType.I8, WeightLayout.GateUp, 1, "c18510cbb74c6b9e613a117574338508")]
    public void A_layout_has_one_form_on_every_instruction_set(DType format, WeightLayout layout, int groups, string checksum)
    {
        foreach (var isa in new[] { CpuIsa.Auto, CpuIsa.Portable })
        {
            using var device = NativeDevice.Open(new NativeDeviceOptions { Threads = 2, Isa = isa });
            using var stream = NativeStream.Create(device);
            using var weight = Pack(stream, format, layout, groups);
            Assert.AreEqual(1, weight.Packing);
            Assert.AreEqual(checksum, $"{PackedChecksum.Of(weight.Packed(0, (int)weight.Size)):x32}", $"{isa}");
        }
    }

    [TestMethod]
    public void A_weight_of_another_size_packing_or_shape_is_refused()
    {
        using var device = NativeDevice.Open(new NativeDeviceOptions { Threads = 1 });
        using var stream = NativeStream.Create(device);
        foreach (var format in new[] { DType.Bf16, DType.I8 })
        {
            using var weight = Pack(stream, format, WeightLayout.GateUp, 1);
            var shape = weight.Shape;
            Refused(shape with { Size = shape.Size + 1 }, "shape.size");
            Refused(shape with { Size = 0 }, "shape.size");
            Refused(shape with { Packing = 0 }, "shape.packing");
            Refused(shape with { Packing = 2 }, "shape.packing");
            Refused(shape with { Rows = shape.Rows + 1 }, "shape.rows");
            Refused(shape with { Rows = 0 }, "shape.rows");
            Refused(shape with { Rows = long.MaxValue }, "shape.rows");
            Refused(shape with { Columns = 0 }, "shape.columns");
            Refused(shape with { Groups = 0 }, "shape.groups");
            Refused(shape with { Layout = (WeightLayout)9 }, "shape.layout");
            Refused(shape with { Format = DType.I32 }, "shape.format");
            using var same = NativeWeight.CreateUnfilled(stream, shape);
            Assert.AreEqual(shape, same.Shape);
            Assert.IsFalse(same.Packed(0, (int)same.Size).ContainsAnyExcept((byte)0));
            Assert.Throws<ArgumentOutOfRangeException>(() => same.Packed(1, (int)same.Size).Length);
            Assert.Throws<ArgumentOutOfRangeException>(() => same.Packed(-1, 1).Length);
        }

        void Refused(NativeWeightShape shape, string field)
        {
            var error = Assert.ThrowsExactly<NativeException>(() => NativeWeight.CreateUnfilled(stream, shape).Dispose());
            Assert.AreEqual(Status.InvalidArgument, error.Status);
            StringAssert.Contains(error.Message, field, StringComparison.Ordinal);
        }
    }

    [TestMethod]
    public void No_two_single_bits_give_one_checksum()
    {
        var bytes = new byte[75];
        for (var i = 0; i < bytes.Length; i++)
            bytes[i] = (byte)(i * 37);
        HashSet<UInt128> seen = [PackedChecksum.Of(bytes)];
        for (var bit = 0; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.IsTrue(seen.Add(PackedChecksum.Of(bytes)), $"bit {bit}: the checksum was seen before");
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    private static NativeWeight Pack(NativeStream stream, DType format, WeightLayout layout, int groups)
    {
        // Rows and columns that fill neither a panel nor four elements.
        const int Columns = 70, Rows = 41;
        var values = new float[Columns * Rows * 2 * groups];
        for (var i = 0; i < values.Length; i++)
            values[i] = ((i * 7919 % 1009) - 504) / 64f;
        var handle = GCHandle.Alloc(values, GCHandleType.Pinned);
        try
        {
            var parts = new NativeWeightPart[2 * groups];
            for (var i = 0; i < parts.Length; i++)
                parts[i] = new NativeWeightPart(
                    handle.AddrOfPinnedObject() + (i * Columns * Rows * sizeof(float)), Columns * Rows * sizeof(float), Rows);
            return NativeWeight.Create(
                stream, new NativeWeightOptions { SourceType = DType.F32, Format = format, Columns = Columns, Layout = layout, Groups = groups }, parts);
        }
        finally
        {
            handle.Free();
        }
    }
}
