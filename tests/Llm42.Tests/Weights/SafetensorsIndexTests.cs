using Llm42.Weights;

namespace Llm42.Tests.Weights;

[TestClass]
public sealed class SafetensorsIndexTests
{
    private const string One = """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""";
    private const string Two = """{"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""";

    [TestMethod]
    public void Shards_come_together()
    {
        using var directory = Shards();
        directory.Write(
            SafetensorsSource.IndexFileName,
            """{"metadata":{},"weight_map":{"a":"1.safetensors","b":"2.safetensors"}}""");
        using var source = SafetensorsSource.Open(directory.Path);
        Assert.AreEqual("a, b", string.Join(", ", source.Tensors.Keys.Order()));
        Assert.EndsWith("2.safetensors", source.Tensors["b"].File);
    }

    [TestMethod]
    [DataRow("""{"a":"1.safetensors","b":"3.safetensors"}""", "\"3.safetensors\", which does not exist", DisplayName = "missing file")]
    [DataRow("""{"a":"1.safetensors","b":"2.safetensors","c":"2.safetensors"}""", "\"c\" into 2.safetensors, which does not hold it", DisplayName = "missing tensor")]
    [DataRow("""{"a":"1.safetensors","c":"2.safetensors"}""", "does not list tensor \"b\"", DisplayName = "unlisted tensor")]
    [DataRow("""{"a":"2.safetensors","b":"2.safetensors"}""", "\"a\" into 2.safetensors, which does not hold it", DisplayName = "wrong shard")]
    [DataRow("""{"a":"../1.safetensors","b":"2.safetensors"}""", "\"../1.safetensors\"; it must be the name", DisplayName = "parent folder")]
    [DataRow("""{"a":"x/1.safetensors"}""", "it must be the name", DisplayName = "sub-folder")]
    [DataRow("""{"a":"x\\1.safetensors"}""", "it must be the name", DisplayName = "backslash")]
    [DataRow("""{"a":"/etc/1.safetensors"}""", "it must be the name", DisplayName = "absolute")]
    [DataRow("""{"a":"C:1.safetensors"}""", "it must be the name", DisplayName = "drive")]
    [DataRow("""{"a":"passwd"}""", "it must be the name", DisplayName = "other extension")]
    [DataRow("""{"a":5}""", "must be a string, found 5", DisplayName = "a number")]
    [DataRow("""{"a":"1.safetensors","a":"2.safetensors"}""", "\"a\" twice", DisplayName = "twice")]
    [DataRow("""{}""", "weight_map is empty", DisplayName = "empty")]
    [DataRow("""[]""", "weight_map must be a JSON object", DisplayName = "an array")]
    public void A_malformed_index_is_refused_by_name(string weightMap, string expected)
    {
        using var directory = Shards();
        var path = directory.Write(SafetensorsSource.IndexFileName, $$"""{"weight_map":{{weightMap}}}""");
        var error = Assert.ThrowsExactly<ModelFormatException>(() => SafetensorsSource.Open(directory.Path).Dispose());
        Assert.Contains(expected, error.Message);
        Assert.StartsWith(path, error.Message);
    }

    [TestMethod]
    public void A_tensor_in_two_shards_is_refused()
    {
        using var directory = Shards();
        directory.Write("2.safetensors", SafetensorsFile.Of(
            """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}""", 16));
        directory.Write(SafetensorsSource.IndexFileName, """{"weight_map":{"a":"1.safetensors","b":"2.safetensors"}}""");
        var error = Assert.ThrowsExactly<ModelFormatException>(() => SafetensorsSource.Open(directory.Path).Dispose());
        Assert.Contains("\"a\" into 1.safetensors, but 2.safetensors holds one too", error.Message);
    }

    [TestMethod]
    public void A_directory_without_weights_is_refused()
    {
        using var directory = new TemporaryDirectory();
        var error = Assert.ThrowsExactly<ModelFormatException>(() => SafetensorsSource.Open(directory.Path).Dispose());
        Assert.Contains("holds neither model.safetensors nor model.safetensors.index.json", error.Message);
    }

    [TestMethod]
    public void An_index_without_a_map_is_refused()
    {
        using var directory = new TemporaryDirectory();
        directory.Write(SafetensorsSource.IndexFileName, "{}");
        var error = Assert.ThrowsExactly<ModelFormatException>(() => SafetensorsSource.Open(directory.Path).Dispose());
        Assert.Contains("no field \"weight_map\"", error.Message);
    }

    private static TemporaryDirectory Shards()
    {
        var directory = new TemporaryDirectory();
        directory.Write("1.safetensors", SafetensorsFile.Of(One, 8));
        directory.Write("2.safetensors", SafetensorsFile.Of(Two, 8));
        return directory;
    }
}
