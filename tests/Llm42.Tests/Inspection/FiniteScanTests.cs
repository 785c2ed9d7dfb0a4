using System.Buffers.Binary;
using Llm42.Inspection;
using Llm42.Weights;

namespace Llm42.Tests.Inspection;

[TestClass]
public sealed class FiniteScanTests
{
    [TestMethod]
    [DataRow(TensorDtype.F32)]
    [DataRow(TensorDtype.F16)]
    [DataRow(TensorDtype.BF16)]
    public void Counts_are_those_of_looking_at_each_value(TensorDtype dtype)
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        for (var round = 0; round < 300; round++)
        {
            // Bit patterns as they come; every other round mostly finite ones, at lengths around those of vectors and blocks.
            var count = round % 3 == 0 ? 4096 + random.Next(-2, 3) : random.Next(0, 200);
            var values = new double[count];
            var bytes = new byte[count * dtype.ElementSize()];
            for (var i = 0; i < count; i++)
            {
                var bits = random.NextInt64();
                if (round % 2 == 0 && random.Next(1000) > 0)
                    bits &= 0x3FFF3FFF;
                values[i] = Write(bytes.AsSpan(i * dtype.ElementSize()), dtype, bits);
            }
            var scan = new FiniteScan();
            const long Start = 1L << 40;
            scan.Add(dtype, bytes, Start);
            var what = $"seed {seed}, round {round}";
            Assert.AreEqual(values.LongCount(double.IsNaN), scan.NanCount, what);
            Assert.AreEqual(values.LongCount(double.IsInfinity), scan.InfinityCount, what);
            var first = Array.FindIndex(values, value => !double.IsFinite(value));
            Assert.AreEqual(first < 0 ? long.MaxValue : Start + first, scan.First, what);
            Assert.AreEqual(first < 0, scan.IsFinite, what);
            Assert.AreEqual(values.All(value => value == 0), scan.IsZero, what);
        }
    }

    [TestMethod]
    public void The_largest_finite_values_and_both_zeros_are_told_from_the_rest()
    {
        (TensorDtype Dtype, long LargestFinite)[] cases =
            [(TensorDtype.F32, 0x7F7FFFFF), (TensorDtype.F16, 0x7BFF), (TensorDtype.BF16, 0x7F7F)];
        foreach (var (dtype, largest) in cases)
        {
            var sign = dtype == TensorDtype.F32 ? 1L << 31 : 1L << 15;
            Assert.AreEqual((0L, 0L, false), Scan(dtype, largest, largest | sign));
            Assert.AreEqual((0L, 1L, false), Scan(dtype, largest + 1));
            Assert.AreEqual((0L, 1L, false), Scan(dtype, (largest + 1) | sign));
            Assert.AreEqual((1L, 0L, false), Scan(dtype, largest + 2));
            Assert.AreEqual((0L, 0L, true), Scan(dtype, 0, sign));
            Assert.AreEqual((0L, 0L, false), Scan(dtype, 0, 1));
        }
    }

    [TestMethod]
    public void Pieces_merge_in_any_order()
    {
        var whole = new FiniteScan();
        var early = new FiniteScan();
        early.Add(TensorDtype.F32, Bytes(TensorDtype.F32, 0, 0x7F800000), 10);
        var late = new FiniteScan();
        late.Add(TensorDtype.F32, Bytes(TensorDtype.F32, 0x7F800001), 20);
        whole.Add(late);
        whole.Add(early);
        Assert.AreEqual((1L, 1L, 11L, false), (whole.NanCount, whole.InfinityCount, whole.First, whole.IsZero));
    }

    private static (long Nan, long Infinity, bool IsZero) Scan(TensorDtype dtype, params long[] bits)
    {
        var scan = new FiniteScan();
        scan.Add(dtype, Bytes(dtype, bits), 0);
        return (scan.NanCount, scan.InfinityCount, scan.IsZero);
    }

    private static byte[] Bytes(TensorDtype dtype, params long[] bits)
    {
        var bytes = new byte[bits.Length * dtype.ElementSize()];
        for (var i = 0; i < bits.Length; i++)
            Write(bytes.AsSpan(i * dtype.ElementSize()), dtype, bits[i]);
        return bytes;
    }

    private static double Write(Span<byte> at, TensorDtype dtype, long bits)
    {
        if (dtype == TensorDtype.F32)
        {
            BinaryPrimitives.WriteInt32LittleEndian(at, (int)bits);
            return BitConverter.Int32BitsToSingle((int)bits);
        }
        BinaryPrimitives.WriteInt16LittleEndian(at, (short)bits);
        return dtype == TensorDtype.F16
            ? (double)BitConverter.Int16BitsToHalf((short)bits)
            : BitConverter.Int32BitsToSingle((int)bits << 16);
    }
}
