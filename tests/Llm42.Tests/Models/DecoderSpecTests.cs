using Llm42.Models;
using Llm42.Tests.Weights;
using Llm42.Weights;

namespace Llm42.Tests.Models;

[TestClass]
public sealed class DecoderSpecTests
{
    [TestMethod]
    public void A_matching_checkpoint_passes() => Check(_ => { });

    [TestMethod]
    public void Leftovers_that_nobody_reads_are_tolerated() => Check(tensors =>
        tensors["model.layers.0.self_attn.rotary_emb.inv_freq"] = ("F32", [2]));

    [TestMethod]
    public void A_missing_tensor_is_named() => Refused(
        tensors => tensors.Remove("model.layers.1.mlp.up_proj.weight"),
        "tensor \"model.layers.1.mlp.up_proj.weight\" of shape [24, 16] is missing");

    [TestMethod]
    public void A_wrong_shape_is_named_with_both_values() => Refused(
        tensors => tensors["model.layers.0.self_attn.k_proj.weight"] = ("BF16", [16, 8]),
        "\"model.layers.0.self_attn.k_proj.weight\" must have shape [8, 16], found [16, 8]");

    [TestMethod]
    public void A_wrong_dtype_is_named() => Refused(
        tensors => tensors["model.norm.weight"] = ("I16", [16]),
        "\"model.norm.weight\" must be f32, f16 or bf16, found i16");

    [TestMethod]
    public void A_tensor_of_another_architecture_is_named() => Refused(
        tensors => tensors["model.layers.0.self_attn.q_norm.weight"] = ("BF16", [4]),
        "1 tensors have no place in this architecture, the first is \"model.layers.0.self_attn.q_norm.weight\"");

    [TestMethod]
    public void Biases_are_wanted_where_the_config_says_so()
    {
        using var directory = new TemporaryDirectory();
        directory.Write(ModelConfigReader.FileName, Configs.With("attention_bias", "true"));
        var (architecture, config) = ModelConfigReader.Read(directory.Path);
        var names = architecture.Describe(config).Tensors.Select(tensor => tensor.Name).ToArray();
        CollectionAssert.Contains(names, "model.layers.1.self_attn.o_proj.bias");
        CollectionAssert.DoesNotContain(names, "model.layers.1.mlp.up_proj.bias");
    }

    private static void Refused(Action<Dictionary<string, (string Dtype, long[] Shape)>> change, string expected)
    {
        var error = Assert.ThrowsExactly<ModelFormatException>(() => Check(change));
        Assert.Contains(expected, error.Message);
    }

    private static void Check(Action<Dictionary<string, (string Dtype, long[] Shape)>> change)
    {
        using var directory = new TemporaryDirectory();
        directory.Write(ModelConfigReader.FileName, Configs.Llama().ToJsonString());
        var (architecture, config) = ModelConfigReader.Read(directory.Path);
        var spec = architecture.Describe(config);
        var tensors = spec.Tensors.ToDictionary(tensor => tensor.Name, tensor => ("BF16", tensor.Shape.ToArray()));
        change(tensors);
        directory.Write(SafetensorsSource.FileName, SafetensorsFile.Of(tensors));
        using var source = SafetensorsSource.Open(directory.Path);
        spec.Check(source);
    }
}
