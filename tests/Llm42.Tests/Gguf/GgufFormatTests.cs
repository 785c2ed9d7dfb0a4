using System.Buffers.Binary;
using System.Text;
using Llm42.Gguf;
using Llm42.ModelFiles;
using Llm42.Models;

namespace Llm42.Tests.Gguf;

/// <summary>Files that are not what they should be are refused with the place and the value.</summary>
[TestClass]
public sealed class GgufFormatTests
{
    [TestMethod]
    public void Versions_and_byte_orders_that_are_not_read_are_named()
    {
        Refused(new GgufBytes { Version = 1 }.ToArray(), "has GGUF version 1; versions 2 and 3 are read");
        Refused(new GgufBytes { Version = 4 }.ToArray(), "has GGUF version 4");
        Refused(new GgufBytes { Version = 3 << 24 }.ToArray(), "is a big-endian GGUF file");
        Refused("ggml and more"u8.ToArray(), "does not begin with \"GGUF\"");
        Refused([], "the file ends in the magic number: truncated file?");
        using var two = Open(new GgufBytes { Version = 2 }.Add("a", 1u).ToArray());
        Assert.AreEqual(1, two.Metadata.Integer("a", 0, 1));
    }

    [TestMethod]
    public void Values_of_every_type_are_read()
    {
        using var file = Open(new GgufBytes()
            .Add("u8", (byte)255).Add("i8", (sbyte)-128).Add("u16", (ushort)65535).Add("i16", (short)-32768)
            .Add("u32", uint.MaxValue).Add("i32", int.MinValue).Add("u64", ulong.MaxValue).Add("i64", long.MinValue)
            .Add("f32", 0.1f).Add("f64", 0.1).Add("yes", true).Add("no", false).Add("text", "ünï")
            .Add("texts", new[] { "a", "", "c" }).Add("numbers", new short[] { 1, -2 }).Add("floats", new[] { 0.5f }).ToArray());
        var metadata = file.Metadata;
        Assert.AreEqual(255, metadata.Integer("u8", 0, 255));
        Assert.AreEqual(-128, metadata.Integer("i8", -128, 0));
        Assert.AreEqual(65535, metadata.Integer("u16", 0, 65535));
        Assert.AreEqual(-32768, metadata.Integer("i16", -32768, 0));
        Assert.AreEqual(uint.MaxValue, metadata.Integer("u32", 0, uint.MaxValue));
        Assert.AreEqual(int.MinValue, metadata.Integer("i32", int.MinValue, 0));
        Assert.AreEqual(long.MinValue, metadata.Integer("i64", long.MinValue, 0));
        var error = Assert.ThrowsExactly<ModelFormatException>(() => metadata.Integer("u64", 0, long.MaxValue));
        Assert.Contains("u64 must be an integer from 0 to 9223372036854775807, found 18446744073709551615", error.Message);
        Assert.AreEqual(0.1, metadata.Number("f32"));
        Assert.AreEqual(0.1, metadata.Number("f64"));
        Assert.IsTrue(metadata.Boolean("yes"));
        Assert.IsFalse(metadata.Boolean("no"));
        Assert.AreEqual("ünï", metadata.Text("text"));
        CollectionAssert.AreEqual(new[] { "a", "", "c" }, metadata.Texts("texts"));
        CollectionAssert.AreEqual(new[] { 1, -2 }, metadata.Integers("numbers", -2, 1));
        CollectionAssert.AreEqual(new[] { 0.5f }, metadata.Floats("floats"));
        Assert.IsNull(metadata.Text("nothing"));
        error = Assert.ThrowsExactly<ModelFormatException>(() => metadata.Text("u8"));
        Assert.Contains("u8 must be a string, found 255", error.Message);
        error = Assert.ThrowsExactly<ModelFormatException>(() => metadata.Texts("numbers"));
        Assert.Contains("numbers must be an array of strings, found an array of 2 Int16", error.Message);
    }

    [TestMethod]
    public void Defects_of_the_head_are_named()
    {
        (byte[] File, string Expected)[] cases =
        [
            (new GgufBytes().Add("a", 1u).Add("a", 2u).ToArray(), "the metadata hold \"a\" twice"),
            (Head(tensors: 0, values: 1 << 20), "the number of metadata values is 1048576; at most 65536 are read"),
            (Head(tensors: ulong.MaxValue, values: 0), "the number of tensors is 18446744073709551615; at most 1048576 are read"),
            (Head(tensors: 1, values: 0), "the number of tensors is 1, but only 8 bytes follow: truncated file?"),
            (Value("a", 13), "the type of \"a\" is 13; types are 0 to 12"),
            (Value("a", 7, 2), "the value of \"a\" is a bool of value 2; it must be 0 or 1"),
            (Value("a", 8, BitConverter.GetBytes(1UL << 40)), "the value of \"a\" has 1099511627776 bytes; at most 16777216 are read"),
            (Value("a", 8, BitConverter.GetBytes(1000UL)), "the value of \"a\" has 1000 bytes, but only 0 follow: truncated file?"),
            (Value("a", 8, [.. BitConverter.GetBytes(1UL), 0xff]), "the value of \"a\", at byte 45, is not valid UTF-8"),
            (Value("a", 9, [.. BitConverter.GetBytes(9), .. BitConverter.GetBytes(1UL)]), "the array \"a\" holds arrays; nested arrays are not read"),
            (Value("a", 9, [.. BitConverter.GetBytes(5), .. BitConverter.GetBytes(1UL << 62)]), "the length of the array \"a\" is 4611686018427387904; at most 4194304"),
            (Value("a", 9, [.. BitConverter.GetBytes(5), .. BitConverter.GetBytes(4UL), 0, 0, 0, 0]), "the length of the array \"a\" is 4, but only 4 bytes follow"),
            (Value("a", 9, [.. BitConverter.GetBytes(8), .. BitConverter.GetBytes(1UL), .. BitConverter.GetBytes(5UL)]), "element 0 of the array \"a\" has 5 bytes, but only 0 follow"),
            (new GgufBytes().Add("general.alignment", 24u).ToArray(), "general.alignment must be a power of two, found 24"),
            (new GgufBytes().Add("general.alignment", 0u).ToArray(), "general.alignment must be an integer from 1 to 1048576, found 0"),
        ];
        foreach (var (file, expected) in cases)
            Refused(file, expected);
    }

    [TestMethod]
    public void Defects_of_tensors_are_named()
    {
        var data = new byte[68];
        (byte[] File, string Expected)[] cases =
        [
            (Tensors(("w", [4], 12, data)), "tensor \"w\" is Q4_K (type 12), which is not read; read are F32, F16, Q8_0, BF16"),
            (Tensors(("w", [4], 99, data)), "tensor \"w\" is of the unknown type 99"),
            (Tensors(("w", [4], 0, data), ("w", [4], 0, data)), "holds tensor \"w\" twice"),
            (Tensors(("w", [], 0, data)), "tensor \"w\" has 0 dimensions; 1 to 4 are possible"),
            (Tensors(("w", [1, 1, 1, 1, 1], 0, data)), "tensor \"w\" has 5 dimensions"),
            (Tensors(("w", [0], 0, data)), "tensor \"w\" has an extent of 0"),
            (Tensors(("w", [-1], 0, data)), "tensor \"w\" has an extent of 18446744073709551615"),
            (Tensors(("w", [1L << 32, 1L << 32], 0, data)), "tensor \"w\": shape [4294967296, 4294967296] takes more than 9223372036854775807 bytes"),
            (Tensors(("w", [1L << 62], 1, data)), "takes more than 9223372036854775807 bytes"),
            (Tensors(("w", [33], 8, data)), "tensor \"w\" has rows of 33 elements; Q8_0 has blocks of 32"),
            (Tensors(("w", [1000], 0, data)), "tensor \"w\" takes 4000 bytes at 0, but the file holds 96 bytes of data: truncated file?"),
            (Offset(Tensors(("w", [4], 0, data)), 16), "tensor \"w\" has the offset 16; it must be a multiple of 32"),
            (Offset(Tensors(("w", [4], 0, data)), 1L << 40), "tensor \"w\" takes 16 bytes at 1099511627776, but the file holds 96"),
            (Offset(Tensors(("w", [4], 0, data)), -32), "tensor \"w\" has the offset 18446744073709551584"),
            (Offset(Tensors(("v", [16], 0, data), ("w", [4], 0, data)), 32), "tensor \"w\" begins at 32, but tensor \"v\" ends at 64: they overlap"),
        ];
        foreach (var (file, expected) in cases)
            Refused(file, expected);
        using var odd = Open(new GgufBytes { Alignment = 8 }.Add("general.alignment", 8u).Add("w", [3], GgufBytes.F32, new byte[12]).ToArray());
        Assert.AreEqual(0, odd.Tensors[0].Offset % 8);
    }

    [TestMethod]
    public void Configs_are_refused_by_their_keys()
    {
        (GgufBytes File, string Expected)[] cases =
        [
            (TinyModels.Llama().Set("general.architecture", "gemma3"), "general.architecture must be one of llama, qwen2, qwen3, qwen3moe, phi3, found \"gemma3\""),
            (TinyModels.Llama().Set("general.architecture", null), "the metadata have no \"general.architecture\""),
            (TinyModels.Llama().Set("llama.block_count", null), "the metadata have no \"llama.block_count\""),
            (TinyModels.Llama().Set("llama.block_count", 5000u), "llama.block_count (num_hidden_layers) must be an integer from 1 to 4096, found 5000"),
            (TinyModels.Llama().Set("llama.attention.head_count", new[] { 1, 2 }), "llama.attention.head_count must be the same for all layers"),
            (TinyModels.Llama().Set("llama.attention.layer_norm_rms_epsilon", float.NaN), "llama.attention.layer_norm_rms_epsilon must be a finite number"),
            (TinyModels.Llama().Set("llama.attention.layer_norm_rms_epsilon", null), "no \"llama.attention.layer_norm_rms_epsilon\""),
            (TinyModels.Llama().Add("llama.attention.value_length", 2u), "llama.attention.value_length must be the size of a head of keys, which is 4, found 2"),
            (TinyModels.Llama().Add("llama.rope.scaling.type", "ntk"), "llama.rope.scaling.type (rope_scaling).rope_type must be one of"),
            (TinyModels.Llama().Add("llama.rope.freq_base", 0f), "llama.rope.freq_base (rope_theta) must be a number from"),
            (TinyModels.Llama().Add("rope_freqs.weight", [2], GgufBytes.F32, new byte[8]), "(rope_scaling).factors must be an array of numbers from"),
            (TinyModels.Llama().Add("rope_freqs.weight", [3], GgufBytes.F32, [0, 0, 128, 63, 0, 0, 128, 63, 0, 0, 128, 63]), "(rope_scaling).factors must be an array of 2 numbers"),
        ];
        foreach (var (file, expected) in cases)
        {
            using var directory = new TemporaryDirectory();
            var path = directory.Write("m.gguf", file.ToArray());
            var error = Assert.ThrowsExactly<ModelFormatException>(() =>
            {
                using var files = ModelFileSet.Open(path);
                ModelConfigReader.Read(files.Config);
            });
            Assert.Contains(expected, error.Message);
            Assert.StartsWith(path, error.Message);
        }
    }

    [TestMethod]
    public void Strangers_and_stacks_that_do_not_fit_are_refused()
    {
        (GgufBytes File, string Expected)[] cases =
        [
            (TinyModels.Llama().Add("blk.0.ffn_gate_exps.weight", [2, 4, 4], GgufBytes.F32, new byte[128]), "the metadata have no \"llama.expert_count\""),
            (TinyModels.Llama().Add("llama.expert_count", 3u).Add("blk.0.ffn_gate_exps.weight", [2, 4, 4], GgufBytes.F32, new byte[128]),
                "it must hold a matrix for each of llama.expert_count = 3 experts"),
            (TinyModels.Llama().Add("blk.0.attn_q.weight", [3, 4], GgufBytes.F32, new byte[48]), "has 3 rows; 1 heads need a multiple of 2"),
        ];
        foreach (var (file, expected) in cases)
        {
            using var directory = new TemporaryDirectory();
            using var model = GgufModel.Open(directory.Write("m.gguf", file.ToArray()));
            Assert.Contains(expected, Assert.ThrowsExactly<ModelFormatException>(() => new GgufSource(model)).Message);
        }

        using var strange = new TemporaryDirectory();
        using var stranger = GgufModel.Open(strange.Write("m.gguf", TinyModels.Llama().Add("blk.0.{0}.weight", [4], GgufBytes.F32, new byte[16]).ToArray()));
        using var source = new GgufSource(stranger);
        Assert.IsTrue(source.Tensors.ContainsKey("blk.0.{0}.weight"));
    }

    /// <summary>Whatever a head of few bytes promises, little is allocated for it.</summary>
    [TestMethod]
    public void A_small_file_allocates_little()
    {
        byte[][] files =
        [
            Head(tensors: (1 << 20) - 1, values: 0), Head(tensors: 0, values: 65535),
            Value("a", 8, BitConverter.GetBytes((ulong)16 << 20)),
            Value("a", 9, [.. BitConverter.GetBytes(8), .. BitConverter.GetBytes(4194304UL)]),
            Value("tokenizer.ggml.tokens", 9, [.. BitConverter.GetBytes(0), .. BitConverter.GetBytes(4194304UL)]),
            Tensors(("w", [1L << 40], 0, [])),
            Tensors(("rope_freqs.weight", [1L << 40], 0, [])),
        ];
        using var directory = new TemporaryDirectory();
        foreach (var file in files)
        {
            var path = directory.Write("m.gguf", file);
            Assert.ThrowsExactly<ModelFormatException>(() => GgufModel.Open(path));
            var before = GC.GetAllocatedBytesForCurrentThread();
            Assert.ThrowsExactly<ModelFormatException>(() => GgufModel.Open(path));
            Assert.IsLessThan(100_000, GC.GetAllocatedBytesForCurrentThread() - before, Encoding.Latin1.GetString(file));
        }
    }

    internal static GgufFile Open(byte[] content)
    {
        using var directory = new TemporaryDirectory();
        return GgufFile.Open(directory.Write("m.gguf", content));
    }

    private static void Refused(byte[] content, string expected)
    {
        using var directory = new TemporaryDirectory();
        var path = directory.Write("m.gguf", content);
        var error = Assert.ThrowsExactly<ModelFormatException>(() => GgufFile.Open(path));
        Assert.Contains(expected, error.Message);
        Assert.AreEqual(path, error.File);
    }

    private static byte[] Head(ulong tensors, ulong values) =>
        [.. "GGUF"u8, .. BitConverter.GetBytes(3), .. BitConverter.GetBytes(tensors), .. BitConverter.GetBytes(values)];

    /// <summary>A file with one value of a type and these bytes, and nothing behind it.</summary>
    private static byte[] Value(string key, int type, params byte[] bytes) =>
        [.. Head(0, 1), .. BitConverter.GetBytes((ulong)key.Length), .. Encoding.UTF8.GetBytes(key), .. BitConverter.GetBytes(type), .. bytes];

    private static byte[] Tensors(params (string Name, long[] Shape, int Type, byte[] Data)[] tensors)
    {
        var file = new GgufBytes();
        foreach (var (name, shape, type, data) in tensors)
            file.Add(name, shape, type, data);
        return file.ToArray();
    }

    /// <summary>Puts another offset into the last tensor "w" with one extent.</summary>
    private static byte[] Offset(byte[] file, long offset)
    {
        var name = file.AsSpan().LastIndexOf("\u0001\0\0\0\0\0\0\0w"u8);
        BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(name + 8 + 1 + 4 + 8 + 4), offset);
        return file;
    }
}
