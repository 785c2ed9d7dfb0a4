namespace Llm42.Repository.Tests;

/// <summary>What nvcc made of the kernels, for every architecture that is shipped.</summary>
[TestClass]
public sealed class CudaKernelTests
{
    /// <summary>Kernels that may use local memory, each with the reason.</summary>
    private static readonly Dictionary<string, string> MayUseLocalMemory = [];

    [TestMethod]
    public async Task Library_holds_the_same_kernels_for_every_architecture()
    {
        IReadOnlyList<CudaKernel> kernels = await CudaLibrary.KernelsAsync();
        var symbols = kernels.ToLookup(kernel => kernel.Architecture, kernel => kernel.Symbol);
        CollectionAssert.AreEquivalent((string[])["sm_80", "sm_90a"], symbols.Select(group => group.Key).ToArray());
        CollectionAssert.AreEquivalent(symbols["sm_80"].ToArray(), symbols["sm_90a"].ToArray());
        foreach (CudaKernel kernel in kernels)
        {
            Assert.EndsWith("_kernel", kernel.Name, $"{kernel}: the name of a kernel ends with _kernel, so that these tests know it.");
            Assert.IsGreaterThan(0, kernel.AllInstructions, $"{kernel}: no code was read.");
        }

        CollectionAssert.IsSubsetOf(
            (string[])["linear_kernel", "attention_kernel"],
            kernels.Where(kernel => kernel.IsMatrixProduct).Select(kernel => kernel.Name).Distinct().ToArray());
    }

    [TestMethod]
    public async Task Products_run_on_tensor_cores()
    {
        foreach (CudaKernel kernel in await CudaLibrary.KernelsAsync())
        {
            if (kernel.IsMatrixProduct)
                Assert.IsGreaterThan(0, kernel.Instructions(kernel.ProductInstruction), $"{kernel} holds no {kernel.ProductInstruction}.");
        }
    }

    [TestMethod]
    public async Task Registers_are_not_spilled_and_no_array_lies_in_local_memory()
    {
        IReadOnlyList<CudaKernel> kernels = await CudaLibrary.KernelsAsync();
        string[] users = [.. kernels.Where(kernel => !MayUseLocalMemory.ContainsKey(kernel.Name)).Select(kernel => kernel.LocalMemory).OfType<string>()];
        Assert.IsEmpty(users, string.Join('\n', users));
        foreach (string name in MayUseLocalMemory.Keys)
        {
            Assert.IsTrue(kernels.Any(kernel => kernel.Name == name && kernel.LocalMemory is not null), $"{name} no longer uses local memory: strike it off the list.");
            Assert.IsFalse(kernels.Any(kernel => kernel.Name == name && kernel.IsMatrixProduct), $"{name} multiplies matrices: it may not be on the list.");
        }
    }

    [TestMethod]
    public void Report_of_a_spilling_kernel_without_products_is_read_as_such()
    {
        const string symbol = "_ZN5llm4240_GLOBAL__N__b3e577f8_8_linear_cu_5775336613linear_kernelILi3EEEvPfi";
        const string other = "_ZN5llm4220grouped_int8_attention_x";
        string resources = $"""
            Fatbin elf code:
            arch = sm_90a
            Resource usage:
             Common:
              GLOBAL:0
             Function {symbol}:
              REG:255 STACK:16 SHARED:0 LOCAL:0 CONSTANT[0]:364 TEXTURE:0 SURFACE:0 SAMPLER:0
             Function {other}:
              REG:40 STACK:0 SHARED:0 LOCAL:0 CONSTANT[0]:364 TEXTURE:0 SURFACE:0 SAMPLER:0
            """;
        string code = $"""
            	code for sm_90a
            		Function : {symbol}
                    /*0000*/                   LDC R1, c[0x0][0x28] ;       /* 0x00000a00ff017b82 */
                                                                            /* 0x000e220000000800 */
                    /*0010*/              @!P0 STL.64 [R1], R2 ;             /* 0x00000a00ff017b82 */
                    /*10020*/                  LDL R1, [R1] ;                /* 0x00000a00ff017b82 */
            		Function : {other}
                    /*0000*/             @!UP1 IMMA.16832.S8.S8 R1, R2 ;     /* 0x00000a00ff017b82 */
            """;
        IReadOnlyList<CudaKernel> kernels = CudaLibrary.Parse(resources, code);
        Assert.HasCount(2, kernels);
        CudaKernel kernel = kernels[0];
        Assert.AreEqual("linear_kernel", kernel.Name);
        Assert.AreEqual("sm_90a", kernel.Architecture);
        Assert.AreEqual(3, kernel.AllInstructions);
        Assert.AreEqual(0, kernel.Instructions("HMMA"));
        Assert.IsTrue(kernel.IsMatrixProduct);
        Assert.StartsWith($"{kernel}: 16 bytes of stack, 0 of local memory, 1 loads and 1 stores", kernel.LocalMemory!);
        Assert.IsNull(kernels[1].LocalMemory);
        Assert.AreEqual(1, kernels[1].Instructions("IMMA"));
        Assert.AreEqual(other, kernels[1].Name);
    }

    [TestMethod]
    [DataRow("linear_kernel", "HMMA")]
    [DataRow("grouped_linear_kernel", "HMMA")]
    [DataRow("attention_kernel", "HMMA")]
    [DataRow("linear_int8_kernel", "IMMA")]
    [DataRow("sum_segments_kernel", null)]
    [DataRow("merge_kernel", null)]
    public void Products_are_known_by_their_names(string name, string? instruction)
    {
        CudaKernel kernel = new("sm_80", $"_ZN5llm424cuda{name.Length}{name}Ev", 1, 0, 0);
        Assert.AreEqual(name, kernel.Name);
        Assert.AreEqual(instruction is not null, kernel.IsMatrixProduct);
        if (instruction is not null)
            Assert.AreEqual(instruction, kernel.ProductInstruction);
    }
}
