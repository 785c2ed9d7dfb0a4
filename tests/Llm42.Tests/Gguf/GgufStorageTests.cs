using System.Runtime.InteropServices;
using Llm42.Gguf;
using Llm42.Weights;

namespace Llm42.Tests.Gguf;

/// <summary>Converted tensors give the same bytes however they are cut, and refuse what f16 cannot hold.</summary>
[TestClass]
public sealed class GgufStorageTests
{
    private const int Rows = 96;
    private const int Columns = 416;

    [TestMethod]
    public void Pieces_are_those_of_the_whole()
    {
        const int Rounds = 300;
        var seed = Environment.TickCount;
        var random = new Random(seed);
        using var directory = new TemporaryDirectory();
        using var model = Model(directory, Blocks(random));
        using var source = new GgufSource(model);
        foreach (var tensor in source.Tensors.Values)
        {
            var whole = new byte[tensor.Size];
            tensor.Read(0, whole);
            for (var round = 0; round < Rounds; round++)
            {
                var offset = random.Next(whole.Length + 1);
                var piece = new byte[random.Next(Math.Min(whole.Length - offset, 5000) + 1)];
                tensor.Read(offset, piece);
                Assert.IsTrue(piece.AsSpan().SequenceEqual(whole.AsSpan(offset, piece.Length)), $"seed {seed}, {tensor.Name}, {piece.Length} at {offset}");
            }

            using var content = tensor.Open();
            var opened = new byte[whole.Length];
            Marshal.Copy(content.Address, opened, 0, opened.Length);
            CollectionAssert.AreEqual(whole, opened, tensor.Name);
            var row = new byte[tensor.Size / tensor.Shape[0]];
            tensor.Slice("row", 1, 1).Read(0, row);
            Assert.IsTrue(row.AsSpan().SequenceEqual(whole.AsSpan(row.Length, row.Length)), tensor.Name);
        }
    }

    [TestMethod]
    public void Elements_are_products_rounded_once_to_f16()
    {
        var random = new Random(1);
        var blocks = Blocks(random);
        using var directory = new TemporaryDirectory();
        using var model = Model(directory, blocks);
        using var source = new GgufSource(model);
        var found = new float[Rows * Columns];
        source.Tensors["model.layers.0.self_attn.v_proj.weight"].ReadFloats(found);
        CollectionAssert.AreEqual(GgufConversion.Dequantize(blocks), found);
    }

    [TestMethod]
    public void Nothing_small_is_flushed_and_nothing_large_becomes_infinite()
    {
        // The smallest factor times any q is exact; so is the largest that the largest q leaves finite.
        foreach (var factor in new[] { Half.Epsilon, (Half)511.5 })
        {
            using var directory = new TemporaryDirectory();
            using var model = Model(directory, [.. Enumerable.Repeat(Block(factor), Rows * Columns / 32).SelectMany(block => block)]);
            using var source = new GgufSource(model);
            var found = new float[Rows * Columns];
            source.Tensors["model.layers.0.self_attn.v_proj.weight"].ReadFloats(found);
            for (var i = 0; i < 32; i++)
                Assert.AreEqual((float)(Half)((double)factor * (i * 4 - 63)), found[i]);
            Assert.IsTrue(found.All(float.IsFinite));
            Assert.AreEqual(factor == Half.Epsilon ? -63 * (float)Half.Epsilon : -32224, found[0]);
        }

        foreach (var factor in new[] { (Half)2000, Half.PositiveInfinity, Half.NaN })
        {
            using var directory = new TemporaryDirectory();
            var blocks = Blocks(new Random(2));
            Block(factor).CopyTo(blocks, 34 * 1030);
            using var model = Model(directory, blocks);
            using var source = new GgufSource(model);
            var tensor = source.Tensors["model.layers.0.self_attn.v_proj.weight"];
            var error = Assert.ThrowsExactly<ModelFormatException>(() => tensor.ReadFloats(new float[Rows * Columns]));
            Assert.Contains("tensor \"blk.0.attn_v.weight\": block 1030 has the factor ", error.Message);
            Assert.ThrowsExactly<ModelFormatException>(() => tensor.Open());
            Assert.ThrowsExactly<ModelFormatException>(() => WeightDigest.Compute([tensor], CancellationToken.None));
        }
    }

    [TestMethod]
    public void Every_factor_times_every_byte_is_rounded_to_nearest_even()
    {
        var block = new byte[34];
        var elements = new ushort[32];
        for (var bits = 0; bits <= ushort.MaxValue; bits++)
        {
            var factor = BitConverter.UInt16BitsToHalf((ushort)bits);
            BitConverter.TryWriteBytes(block, factor);
            // All bytes, over eight factors.
            for (var i = 0; i < 32; i++)
                block[2 + i] = (byte)(((bits + (bits >> 10)) % 8 * 32) + i);
            var isFinite = Q8Block.TryConvert(block, elements);
            var products = Enumerable.Range(0, 32).Select(i => (Half)((double)factor * (sbyte)block[2 + i])).ToArray();
            Assert.AreEqual(products.All(Half.IsFinite), isFinite, $"factor {bits:x4}");
            for (var i = 0; isFinite && i < 32; i++)
                Assert.AreEqual(BitConverter.HalfToUInt16Bits(products[i]), elements[i], $"factor {bits:x4}, byte {block[2 + i]}");
        }
    }

    [TestMethod]
    public void A_file_that_changes_is_noticed()
    {
        using var directory = new TemporaryDirectory();
        using var model = Model(directory, Blocks(new Random(3)));
        using var source = new GgufSource(model);
        File.AppendAllText(model.Path, " ");
        foreach (var tensor in source.Tensors.Values)
            Assert.Contains("it must not change while it is read", Assert.ThrowsExactly<ModelFormatException>(() => tensor.Open()).Message);
    }

    /// <summary>A model whose queries are permuted, and whose values are not.</summary>
    private static GgufModel Model(TemporaryDirectory directory, byte[] blocks) => GgufModel.Open(directory.Write("m.gguf", TinyModels.Llama()
        .Set("llama.attention.head_count", 3u)
        .Add("blk.0.attn_q.weight", [Rows, Columns], GgufBytes.Q8_0, blocks)
        .Add("blk.0.attn_k.weight", [Rows, 64], GgufBytes.F32, new byte[Rows * 64 * 4])
        .Add("blk.0.attn_k.bias", [Rows], GgufBytes.F32, [.. Enumerable.Range(0, Rows).SelectMany(i => BitConverter.GetBytes((float)i))])
        .Add("blk.0.attn_v.weight", [Rows, Columns], GgufBytes.Q8_0, blocks).ToArray()));

    private static byte[] Blocks(Random random)
    {
        var values = new float[Rows * Columns];
        for (var i = 0; i < values.Length; i++)
            values[i] = (float)((random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-6, 3)));
        return GgufConversion.Quantize(values);
    }

    private static byte[] Block(Half factor) =>
        [.. BitConverter.GetBytes(factor), .. Enumerable.Range(0, 32).Select(i => (byte)(sbyte)((i * 4) - 63))];
}
