using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;
using Llm42.Models;
using Llm42.Tests.Models;
using Llm42.Tests.Weights;
using Llm42.Weights;

namespace Llm42.Tests.Inspection;

/// <summary>A directory with a sound model of two layers, to be damaged by tests.</summary>
internal sealed class SmallModel : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public SmallModel(string config = "", string dtype = "BF16")
    {
        _directory.Write(ModelConfigReader.FileName, config.Length > 0 ? config : Configs.Llama().ToJsonString());
        _directory.Write(GenerationDefaults.FileName, """{"eos_token_id":[2,3]}""");
        _directory.Write("tokenizer.json", Tokenizer(32));
        var (architecture, read) = ModelConfigReader.Read(Path);
        Tensors = architecture.Describe(read).Tensors.ToDictionary(tensor => tensor.Name, tensor => (dtype, tensor.Shape.ToArray()));
    }

    public string Path => _directory.Path;

    /// <summary>What the file of weights is to hold.</summary>
    public Dictionary<string, (string Dtype, long[] Shape)> Tensors { get; }

    /// <summary>A tokenizer.json whose tokens are t0, t1 and so on.</summary>
    public static string Tokenizer(int tokens)
    {
        var vocabulary = new JsonObject();
        for (var i = 0; i < tokens; i++)
            vocabulary[$"t{i}"] = i;
        return new JsonObject { ["model"] = new JsonObject { ["type"] = "BPE", ["vocab"] = vocabulary, ["merges"] = new JsonArray() } }.ToJsonString();
    }

    public string Write(string name, string content) => _directory.Write(name, content);

    public string Write(string name, byte[] content) => _directory.Write(name, content);

    public void Delete(string name) => File.Delete(System.IO.Path.Combine(Path, name));

    /// <summary>Writes all tensors into one file, every value small and finite.</summary>
    public string WriteWeights(string name = SafetensorsSource.FileName, Func<string, bool>? only = null)
    {
        var file = SafetensorsFile.Of(Tensors.Where(entry => only?.Invoke(entry.Key) ?? true).ToDictionary());
        for (var i = 8 + (int)BinaryPrimitives.ReadUInt64LittleEndian(file); i < file.Length; i++)
            file[i] = (byte)(i % 61);
        return Write(name, file);
    }

    /// <summary>Writes the tensors into two files with an index, by the numbers of their layers.</summary>
    public void WriteShards(Func<string, string> fileOf)
    {
        foreach (var shard in Tensors.Keys.Select(fileOf).Distinct())
            WriteWeights(shard, name => fileOf(name) == shard);
        var map = new JsonObject();
        foreach (var name in Tensors.Keys)
            map[name] = fileOf(name);
        Write(SafetensorsSource.IndexFileName, new JsonObject { ["weight_map"] = map }.ToJsonString());
    }

    /// <summary>Overwrites values of a tensor, given by their bits.</summary>
    public void Poke(string tensor, long index, params ushort[] bits)
    {
        var path = System.IO.Path.Combine(Path, SafetensorsSource.FileName);
        var file = File.ReadAllBytes(path);
        var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(file);
        var header = JsonNode.Parse(Encoding.UTF8.GetString(file, 8, length))!;
        var begin = 8 + length + header[tensor]!["data_offsets"]![0]!.GetValue<int>();
        for (var i = 0; i < bits.Length; i++)
            BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(begin + (int)((index + i) * 2)), bits[i]);
        File.WriteAllBytes(path, file);
    }

    public void Dispose() => _directory.Dispose();
}
