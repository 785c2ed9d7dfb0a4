using Llm42.Native.Arguments;
using Llm42.Native.Tests.Comparison;
using Llm42.Native.Tests.Devices;
using Llm42.Native.Tests.References;

namespace Llm42.Native.Tests.OperatorTests;

/// <summary>Products with weights of format i8, of activations as they are and of activations quantised to i8.</summary>
[TestClass]
public sealed class LinearInt8Tests
{
    private static readonly DType[] ComputeTypes = [DType.Default, DType.I8];

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.All), typeof(DeviceMatrix))]
    public void A_device_packs_the_format(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        foreach (DType source in (DType[])[DType.F32, DType.F16, DType.Bf16])
        {
            LinearCase given = Create(2, 40, 64, source);
            NativeWeight weight = given.Pack(device);
            Assert.AreEqual(DType.I8, weight.Format);
            Assert.AreEqual((64L, 40), (weight.Rows, weight.Columns));
            Assert.IsLessThan(64 * 40 * 2L, weight.Size, "a weight of int8 is smaller than one of bf16");
        }
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.Isas), typeof(DeviceMatrix))]
    public void Agrees_with_the_reference(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        (int Rows, int Columns, int Outputs)[] shapes =
            [(1, 1, 2), (1, 64, 48), (3, 7, 2), (5, 31, 34), (13, 100, 66), (33, 257, 130), (2, 1030, 6)];
        int seed = 1;
        foreach ((int rows, int columns, int outputs) in shapes)
        {
            foreach (DType compute in ComputeTypes)
            {
                foreach (Epilogue epilogue in Enum.GetValues<Epilogue>())
                {
                    DType source = (DType)(1 + seed % 3);
                    DType output = seed % 4 < 2 ? DType.F32 : DType.Default;
                    Check(device, Create(rows, columns, outputs, source, compute, epilogue, seed % 2 == 0, ++seed, output));
                }
            }
        }

        // More than is staged at once on its way to the device.
        Check(device, Create(1, 1000, 1100, DType.Bf16, DType.I8));
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.Isas), typeof(DeviceMatrix))]
    public void A_row_has_the_bits_that_it_has_alone(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        foreach ((DType compute, Numerics numerics) in ((DType, Numerics)[])[
            (DType.Default, Numerics.Invariant), (DType.I8, Numerics.Invariant), (DType.I8, Numerics.Fast)])
        {
            foreach ((int columns, int outputs, Epilogue epilogue) in ((int, int, Epilogue)[])[
                (257, 130, Epilogue.None), (96, 66, Epilogue.SwiGlu), (1500, 5, Epilogue.Residual)])
            {
                LinearCase all = Create(100, columns, outputs, DType.Bf16, compute, epilogue, bias: true, seed: columns);
                NativeWeight weight = all.Pack(device);
                RowInvariance.Assert(
                    all.Rows, all.Width, $"{name} compute {compute} K={columns} N={outputs} {epilogue} {numerics}",
                    rows => all.Run(device, weight, rows, numerics));
            }
        }
    }

    [TestMethod]
    public void Every_cpu_gives_the_same_bits()
    {
        foreach (DType compute in ComputeTypes)
        {
            foreach (int rows in (int[])[1, 2, 3, 5, 12, 13, 50])
            {
                LinearCase given = Create(rows, 331, 130, DType.Bf16, compute, Epilogue.SwiGlu, bias: true, seed: rows);
                DeviceMatrix.AssertSameBitsOnEveryCpu(given.Width, device => given.Run(device, Numerics.Invariant));
            }
        }
    }

    /// <summary>The processor's matrix unit has much state, which a signal's handler finds on a stack of its own.</summary>
    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.Isas), typeof(DeviceMatrix))]
    public void A_null_reference_stays_an_exception_on_a_thread_that_multiplied(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        LinearCase given = Create(64, 128, 64, DType.Bf16, DType.I8);
        NativeWeight weight = given.Pack(device);
        int caught = 0;
        for (int i = 0; i < 3; i++)
        {
            var thread = new Thread(() =>
            {
                given.Run(device, weight, [.. Enumerable.Range(0, given.Rows)], Numerics.Invariant);
                string? nothing = weight.Rows == 0 ? "" : null;
                try
                {
                    _ = nothing!.Length;
                }
                catch (NullReferenceException)
                {
                    caught++;
                }
            });
            thread.Start();
            thread.Join();
        }

        Assert.AreEqual(3, caught);
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.Isas), typeof(DeviceMatrix))]
    public void Fast_numerics_of_int8_rows_are_the_invariant_ones(string name)
    {
        using TestDevice device = TestDevice.Open(name, plannedThreads: 64);
        LinearCase rows = Create(130, 4096, 8, DType.Bf16, DType.I8, seed: 3);
        BitAssert.AreEqual(rows.Run(device, Numerics.Invariant), rows.Run(device, Numerics.Fast), rows.Width, name);

        if (device.Info.Backend == "cpu")
        {
            // The negative control, with weights that are not int8: this plan does split such a product.
            LinearCase split = LinearCase.Create(1, 4096, 8, DType.Bf16, seed: 3);
            BitAssert.AreNotEqual(split.Run(device, Numerics.Invariant), split.Run(device, Numerics.Fast), name);
            return;
        }

        // The negative control: of activations as they are, the sums depend on the number of rows.
        LinearCase plain = Create(130, 4096, 8, DType.Bf16, DType.Default, seed: 3);
        float[] invariant = plain.Run(device, Numerics.Invariant);
        float[] fast = plain.Run(device, Numerics.Fast);
        Assert.IsFalse(invariant.AsSpan().SequenceEqual(fast), $"{name}: fast numerics split as invariant ones do");
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.Isas), typeof(DeviceMatrix))]
    public void Quantisation_costs_less_than_one_percent(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        foreach (DType compute in ComputeTypes)
        {
            LinearCase given = Create(20, 600, 90, DType.Bf16, compute, seed: 31);
            float[] input = device.AsActivations(given.Input);
            LinearReference exact = LinearReference.Compute(
                input, given.Weight, given.Rows, given.Columns, given.Outputs, bias: null, residual: null);
            float[] inputSteps = Int8Reference.Quantize(input, given.Columns).Scales;
            float[] weightSteps = Int8Reference.Quantize(given.Weight, given.Columns).Scales;
            float[] actual = given.Run(device, Numerics.Invariant);
            double errors = 0;
            double squares = 0;
            for (int i = 0; i < actual.Length; ++i)
            {
                (int m, int n) = (i / given.Outputs, i % given.Outputs);
                double step = compute == DType.I8 ? inputSteps[m] : 0;
                double bound = exact.Errors[i] + 1e-6;
                for (int k = 0; k < given.Columns; ++k)
                {
                    // Each factor is at most half a step off; 1.001 covers the rounding of the quotients.
                    double x = Math.Abs(input[m * given.Columns + k]);
                    double w = Math.Abs(given.Weight[n * given.Columns + k]);
                    bound += 1.001 * (x * weightSteps[n] / 2 + w * step / 2 + weightSteps[n] * step / 4);
                }

                double error = actual[i] - exact.Output[i];
                Assert.IsLessThanOrEqualTo(bound, Math.Abs(error), $"{name} compute {compute}, row {m}, column {n}");
                errors += error * error;
                squares += exact.Output[i] * exact.Output[i];
            }

            // Values uniform in -1..1 are 1/sqrt(3) at the mean square, their errors a step of 1/127 over sqrt(12):
            // 0.0039 for each factor that is quantised. The output is f32.
            double expected = 1 / (127 * Math.Sqrt(4)) * (compute == DType.I8 ? Math.Sqrt(2) : 1);
            double relative = Math.Sqrt(errors / squares);
            Assert.IsLessThan(1.25 * expected, relative, $"{name} compute {compute}");
            Assert.IsGreaterThan(expected / 1.25, relative, $"{name} compute {compute}: was it quantised?");
        }
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.Isas), typeof(DeviceMatrix))]
    public void Rows_of_zeros_give_zeros(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        foreach (DType compute in ComputeTypes)
        {
            LinearCase given = Create(5, 70, 12, DType.F32, compute, seed: 8);
            Array.Clear(given.Weight, 3 * 70, 70);
            Array.Fill(given.Weight, MathF.ScaleB(1, -130), 7 * 70, 70);
            Array.Clear(given.Input, 2 * 70, 70);
            float[] actual = given.Run(device, Numerics.Invariant);
            for (int i = 0; i < actual.Length; ++i)
            {
                bool isZero = i / 12 == 2 || i % 12 is 3 or 7;
                Assert.AreEqual(isZero, actual[i] == 0, $"{name} compute {compute}, row {i / 12}, column {i % 12}: {actual[i]}");
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.Isas), typeof(DeviceMatrix))]
    public void What_is_not_finite_stays_in_its_row(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        foreach (DType compute in ComputeTypes)
        {
            LinearCase clean = Create(40, 65, 34, DType.Bf16, compute, seed: 21);
            float[] expected = clean.Run(device, Numerics.Invariant);
            Array.Fill(clean.Input, float.NaN, 17 * 65, 65);
            clean.Input[30 * 65 + 64] = float.PositiveInfinity;
            float[] actual = clean.Run(device, Numerics.Invariant);
            for (int row = 0; row < 40; ++row)
            {
                Span<float> outputs = actual.AsSpan(row * clean.Width, clean.Width);
                if (row is not (17 or 30))
                {
                    BitAssert.AreEqual(
                        expected.AsSpan(row * clean.Width, clean.Width), outputs, clean.Width, $"{name} {compute} row {row}");
                    continue;
                }

                foreach (float output in outputs)
                {
                    Assert.IsTrue(
                        row == 17 || compute == DType.I8 ? float.IsNaN(output) : !float.IsFinite(output),
                        $"{name} {compute} row {row}: {output}");
                }
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.Isas), typeof(DeviceMatrix))]
    public void A_source_that_is_not_finite_is_refused_by_its_place(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        foreach ((DType source, float value) in ((DType, float)[])[
            (DType.F32, float.NaN), (DType.F16, float.NegativeInfinity), (DType.Bf16, float.PositiveInfinity)])
        {
            LinearCase given = Create(1, 300, 10, source, epilogue: Epilogue.SwiGlu);
            given.Weight[7 * 300 + 299] = value;
            long before = device.Device.Info.MemoryAllocated;
            NativeException refusal = Assert.ThrowsExactly<NativeException>(() => given.Pack(device));
            Assert.AreEqual(Status.InvalidArgument, refusal.Status);
            Assert.Contains("parts[1]", refusal.Message);
            Assert.Contains("row 2, column 299", refusal.Message);
            Assert.AreEqual(before, device.Device.Info.MemoryAllocated);
        }
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.Isas), typeof(DeviceMatrix))]
    public void Strides_skip_what_lies_between_the_rows(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        const int rows = 7, columns = 20, outputs = 12, inputStride = 23, outputStride = 15;
        foreach (DType compute in ComputeTypes)
        {
            LinearCase dense = Create(rows, columns, outputs, DType.Bf16, compute);
            float[] expected = dense.Run(device, Numerics.Invariant);
            float[] spread = new float[rows * inputStride];
            Array.Fill(spread, float.NaN);
            for (int r = 0; r < rows; ++r)
            {
                Array.Copy(dense.Input, r * columns, spread, r * inputStride, columns);
            }

            float[] before = TestData.Floats(rows * outputStride, 9);
            NativeBuffer written = device.Upload(before);
            Operators.Linear(device.Stream, new LinearArguments
            {
                Rows = rows,
                Numerics = Numerics.Invariant,
                ComputeType = compute,
                OutputType = DType.F32,
                Weight = dense.Pack(device),
                Input = device.Activations(spread),
                InputStride = inputStride,
                Output = written,
                OutputStride = outputStride,
            });
            float[] actual = device.Read<float>(written, before.Length);
            for (int r = 0; r < rows; ++r)
            {
                BitAssert.AreEqual(
                    expected.AsSpan(r * outputs, outputs), actual.AsSpan(r * outputStride, outputs), outputs, $"row {r}");
                BitAssert.AreEqual(
                    before.AsSpan(r * outputStride + outputs, outputStride - outputs),
                    actual.AsSpan(r * outputStride + outputs, outputStride - outputs), 1, $"gap behind row {r}");
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.Isas), typeof(DeviceMatrix))]
    public void Parts_of_a_weight_are_its_rows_one_after_the_other(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        LinearCase whole = Create(4, 24, 21, DType.F16, DType.I8);
        float[] expected = whole.Run(device, Numerics.Invariant);
        NativeWeight joined;
        unsafe
        {
            // An odd address: parts need no alignment.
            byte[] shifted = [0, .. Elements.Encode(whole.Weight, DType.F16)];
            fixed (byte* data = &shifted[1])
            {
                const int row = 24 * 2;
                joined = device.Own(NativeWeight.Create(
                    device.Stream,
                    new NativeWeightOptions { SourceType = DType.F16, Format = DType.I8, Columns = 24 },
                    [new((nint)data, 5 * row, 5), new((nint)(data + 5 * row), row, 1), new((nint)(data + 6 * row), 15 * row, 15)]));
            }
        }

        BitAssert.AreEqual(expected, whole.Run(device, joined, [0, 1, 2, 3], Numerics.Invariant), whole.Width, name);
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.Isas), typeof(DeviceMatrix))]
    public void A_depth_beyond_exact_sums_is_refused_with_int8_rows_alone(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        const int most = 133144;
        LinearCase deepest = Create(1, most, 2, DType.Bf16, DType.I8);
        Array.Fill(deepest.Input, 1.0f);
        Array.Fill(deepest.Weight, 1.0f, 0, most);
        Array.Fill(deepest.Weight, -1.0f, most, most);
        float[] output = deepest.Run(device, Numerics.Fast);
        const double bound = most * 4e-7;
        Assert.AreEqual((double)most, output[0], bound);
        Assert.AreEqual((double)-most, output[1], bound);

        LinearCase deeper = Create(1, most + 1, 2, DType.Bf16, DType.I8);
        NativeException refusal = Assert.ThrowsExactly<NativeException>(() => deeper.Run(device, Numerics.Fast));
        Assert.AreEqual(Status.InvalidArgument, refusal.Status);
        Assert.Contains("compute_dtype is 5 (i8), but the weight has 133145 columns", refusal.Message);
        LinearCase plain = Create(1, most + 1, 2, DType.Bf16, DType.Default);
        Assert.HasCount(2, plain.Run(device, Numerics.Fast));
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.Isas), typeof(DeviceMatrix))]
    public void An_embedding_refuses_the_format(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        NativeWeight table = Create(1, 24, 5, DType.Bf16).Pack(device);
        NativeException refusal = Assert.ThrowsExactly<NativeException>(() => Operators.Embedding(
            device.Stream,
            new EmbeddingArguments
            {
                Rows = 1,
                Table = table,
                Ids = device.Upload([0]),
                Output = device.EmptyActivations(24),
            }));
        Assert.AreEqual(Status.Unsupported, refusal.Status);
        Assert.Contains("table has format i8", refusal.Message);
    }

    private static LinearCase Create(
        int rows, int columns, int outputs, DType source, DType compute = DType.Default, Epilogue epilogue = Epilogue.None,
        bool bias = false, int seed = 1, DType output = DType.F32)
    {
        LinearCase given = LinearCase.Create(rows, columns, outputs, source, epilogue, bias, seed);
        return new LinearCase
        {
            Rows = rows,
            Columns = columns,
            Outputs = outputs,
            Type = source,
            Format = DType.I8,
            ComputeType = compute,
            OutputType = output,
            Epilogue = epilogue,
            Input = given.Input,
            Weight = given.Weight,
            Bias = given.Bias,
            Residual = given.Residual,
        };
    }

    private static void Check(TestDevice device, LinearCase given)
    {
        float[] input = device.AsActivations(given.Input);
        if (given.ComputeType == DType.I8)
        {
            input = Int8Reference.Quantize(input, given.Columns).Values();
        }

        float[] weight = Int8Reference.Quantize(given.Weight, given.Columns).Values();
        float[]? residual = given.Residual is null ? null : device.AsActivations(given.Residual);
        LinearReference reference = LinearReference.Compute(
            input, weight, given.Rows, given.Columns, given.Outputs, given.Bias, residual);
        if (given.Epilogue == Epilogue.SwiGlu)
        {
            reference = reference.SwiGlu(given.Rows, given.Outputs);
        }

        double unit = ActivationError.Of(given.OutputType == DType.F32 ? DType.F32 : device.Info.ActivationType);
        foreach (Numerics numerics in Enum.GetValues<Numerics>())
        {
            ToleranceAssert.AreClose(
                reference.Output, given.Run(device, numerics),
                i => reference.Errors[i] + unit * Math.Abs(reference.Output[i]), given.Width,
                $"{device.Name} {given.Type} compute {given.ComputeType} M={given.Rows} K={given.Columns} N={given.Outputs} {given.Epilogue} {numerics}");
        }
    }
}
