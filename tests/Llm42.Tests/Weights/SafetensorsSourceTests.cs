using Llm42.Weights;

namespace Llm42.Tests.Weights;

[TestClass]
public sealed class SafetensorsSourceTests
{
    [TestMethod]
    public void A_file_gives_its_tensors_and_their_bytes()
    {
        using var directory = new TemporaryDirectory();
        using var source = SafetensorsSource.OpenFile(directory.Write("model.safetensors", SafetensorsFile.Valid()));

        Assert.AreEqual("a, b, empty", string.Join(", ", source.Tensors.Keys.Order()));
        var b = source.Tensors["b"];
        Assert.AreEqual(TensorDtype.F32, b.Dtype);
        CollectionAssert.AreEqual(new long[] { 2, 3 }, b.Shape.ToArray());
        Assert.AreEqual(6, b.ElementCount);
        var bytes = new byte[24];
        b.Read(0, bytes);
        CollectionAssert.AreEqual(Enumerable.Range(9, 24).Select(i => (byte)i).ToArray(), bytes);
        Assert.AreEqual(0, source.Tensors["empty"].Size);
    }

    [TestMethod]
    public void Reads_outside_a_tensor_are_refused()
    {
        using var directory = new TemporaryDirectory();
        using var source = SafetensorsSource.OpenFile(directory.Write("model.safetensors", SafetensorsFile.Valid()));
        var a = source.Tensors["a"];
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => a.Read(1, new byte[8]));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => a.Read(-1, new byte[1]));
    }

    [TestMethod]
    public void Sixteen_bit_floats_become_the_same_numbers_in_32_bits()
    {
        using var directory = new TemporaryDirectory();
        var file = SafetensorsFile.Of(
            """{"h":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"b":{"dtype":"BF16","shape":[2],"data_offsets":[4,8]}}""", 8);
        new byte[] { 0x00, 0x3C, 0x01, 0x00, 0x80, 0x3F, 0x80, 0xC0 }.CopyTo(file, file.Length - 8);
        using var source = SafetensorsSource.OpenFile(directory.Write("model.safetensors", file));
        var values = new float[2];
        source.Tensors["h"].ReadFloats(values);
        CollectionAssert.AreEqual(new[] { 1f, MathF.Pow(2, -24) }, values);
        source.Tensors["b"].ReadFloats(values);
        CollectionAssert.AreEqual(new[] { 1f, -4f }, values);
    }

    [TestMethod]
    [DataRow("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}""", 16, "\"a\" twice", DisplayName = "duplicate tensor")]
    [DataRow("""{"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 8, "\"dtype\" twice", DisplayName = "duplicate field")]
    [DataRow("""{"a":{"dtype":"Q4","shape":[2],"data_offsets":[0,8]}}""", 8, "dtype \"Q4\" is unknown; known are BOOL", DisplayName = "unknown dtype")]
    [DataRow("""{"a":{"dtype":7,"shape":[2],"data_offsets":[0,8]}}""", 8, "dtype must be a string, found 7", DisplayName = "dtype a number")]
    [DataRow("""{"a":{"shape":[2],"data_offsets":[0,8]}}""", 8, "no field \"dtype\"", DisplayName = "no dtype")]
    [DataRow("""{"a":{"dtype":"F32","data_offsets":[0,8]}}""", 8, "no field \"shape\"", DisplayName = "no shape")]
    [DataRow("""{"a":{"dtype":"F32","shape":[2]}}""", 8, "no field \"data_offsets\"", DisplayName = "no offsets")]
    [DataRow("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1}}""", 8, "unknown field \"x\"", DisplayName = "unknown field")]
    [DataRow("""{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", 8, "shape[0] must be an integer from 0", DisplayName = "negative extent")]
    [DataRow("""{"a":{"dtype":"F32","shape":[2.5],"data_offsets":[0,8]}}""", 8, "found 2.5", DisplayName = "fractional extent")]
    [DataRow("""{"a":{"dtype":"F32","shape":["2"],"data_offsets":[0,8]}}""", 8, "found \"2\"", DisplayName = "extent a string")]
    [DataRow("""{"a":{"dtype":"F32","shape":2,"data_offsets":[0,8]}}""", 8, "shape must be an array, found 2", DisplayName = "shape a number")]
    [DataRow("""{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,8]}}""", 8, "found 99999999999999999999", DisplayName = "extent above 2^63")]
    [DataRow("""{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}}""", 8, "shape [4294967296, 4294967296] takes more than", DisplayName = "overflowing shape")]
    [DataRow("""{"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,2],"data_offsets":[0,8]}}""", 8, "holds 9 numbers; at most 8", DisplayName = "too many dimensions")]
    [DataRow("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,16]}}""", 8, "end at 16, but the file holds 8", DisplayName = "offsets outside the data")]
    [DataRow("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", 8, "begin at 8, behind their end 0", DisplayName = "offsets reversed")]
    [DataRow("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}}""", 8, "must hold 2 numbers, found 1", DisplayName = "one offset")]
    [DataRow("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}""", 8, "data_offsets[0] must be an integer from 0", DisplayName = "negative offset")]
    [DataRow("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", 8, "span 8 bytes, but f32 [3] takes 12", DisplayName = "size unlike shape")]
    [DataRow("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", 12, "overlap", DisplayName = "overlap")]
    [DataRow("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[12,20]}}""", 20, "hole", DisplayName = "hole between")]
    [DataRow("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", 12, "hole", DisplayName = "hole before")]
    [DataRow("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 12, "holds 12 bytes of data, but its tensors end at 8", DisplayName = "bytes behind")]
    [DataRow("""{"a":[1]}""", 0, "tensor \"a\" must be a JSON object, found Array", DisplayName = "tensor an array")]
    [DataRow("[]", 0, "must be a JSON object, found Array", DisplayName = "header an array")]
    [DataRow("{\"a\":", 0, "not valid JSON", DisplayName = "cut JSON")]
    [DataRow("{\"a\\ud800\":{}}", 0, "not valid Unicode", DisplayName = "lone surrogate in a name")]
    [DataRow("""{"a":{"dtype":"\ud800","shape":[2],"data_offsets":[0,8]}}""", 8, "not valid Unicode", DisplayName = "lone surrogate in a dtype")]
    [DataRow("", 0, "not valid JSON", DisplayName = "empty header")]
    public void A_malformed_header_is_refused_by_name(string header, int dataSize, string expected) =>
        Refused(SafetensorsFile.Of(header, dataSize), expected);

    [TestMethod]
    public void A_header_length_beyond_the_file_is_refused() =>
        Refused(SafetensorsFile.Of("{}", 0, headerLength: 3), "header length is 3 bytes, but only 2 follow");

    [TestMethod]
    [DataRow(100_000_001UL)]
    [DataRow(ulong.MaxValue)]
    [DataRow(1UL << 63)]
    public void An_enormous_header_length_is_refused(ulong length) =>
        Refused(SafetensorsFile.Of("{}", 0, length), $"header length is {length} bytes; at most 100000000");

    [TestMethod]
    public void A_file_too_short_for_a_length_is_refused() => Refused([1, 2, 3], "has 3 bytes");

    [TestMethod]
    public void An_empty_file_is_refused() => Refused([], "has 0 bytes");

    [TestMethod]
    public void A_header_that_is_not_utf8_is_refused() =>
        Refused(SafetensorsFile.Of([(byte)'{', (byte)'"', 0xFF, (byte)'"', (byte)':', (byte)'1', (byte)'}'], 0), "not valid UTF-8");

    [TestMethod]
    public void An_overlong_name_is_refused_without_being_repeated()
    {
        var error = Refused(
            SafetensorsFile.Of($$$"""{"{{{new string('x', 5000)}}}":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 8),
            "5000 characters");
        Assert.IsLessThan(1000, error.Message.Length);
    }

    [TestMethod]
    public void A_truncated_file_is_refused_at_every_length()
    {
        var whole = SafetensorsFile.Valid();
        for (var length = 0; length < whole.Length; length++)
            Refused(whole[..length], "model.safetensors");
    }

    [TestMethod]
    public void Any_changed_byte_either_loads_or_is_refused()
    {
        const int Rounds = 3000;
        var seed = Environment.TickCount;
        var random = new Random(seed);
        using var directory = new TemporaryDirectory();
        var whole = SafetensorsFile.Valid();
        var headerEnd = whole.Length - 32;
        int loaded = 0, refused = 0;
        for (var round = 0; round < Rounds; round++)
        {
            var mutated = whole.ToArray();
            for (var flips = random.Next(1, 4); flips > 0; flips--)
                mutated[random.Next(headerEnd)] = (byte)(random.Next(3) == 0 ? random.Next(256) : "0123456789,:[]{}\""[random.Next(17)]);
            if (random.Next(4) == 0)
                mutated = mutated[..random.Next(mutated.Length + 1)];
            var path = directory.Write("model.safetensors", mutated);
            try
            {
                using var source = SafetensorsSource.OpenFile(path);
                foreach (var tensor in source.Tensors.Values)
                    tensor.Read(0, new byte[tensor.Size]);
                loaded++;
            }
            catch (ModelFormatException)
            {
                refused++;
            }
            catch (Exception error)
            {
                Assert.Fail($"seed {seed}, round {round}: {error}");
            }
        }
        Assert.IsGreaterThan(0, refused, $"seed {seed}");
        Assert.IsGreaterThan(0, loaded, $"seed {seed}");
    }

    private static ModelFormatException Refused(byte[] file, string expected)
    {
        using var directory = new TemporaryDirectory();
        var path = directory.Write("model.safetensors", file);
        var error = Assert.ThrowsExactly<ModelFormatException>(() => SafetensorsSource.OpenFile(path).Dispose());
        Assert.Contains(expected, error.Message);
        Assert.StartsWith(path, error.Message);
        return error;
    }
}
