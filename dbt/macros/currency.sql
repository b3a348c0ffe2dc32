{#- Inside the project a name that ends in _usd is in the deployment's currency, whichever that is; only what is published ends
    in the currency's own code. The names in the contracts of the published views follow the same rule. -#}

{#- The published name of a column: volume_usd is volume_eur where the rule currency is EUR. -#}
{% macro in_currency(name) -%}
    {{ return(name[:-4] ~ _currency_ending() if name.endswith('_usd') else name) }}
{%- endmacro %}

{#- Columns under their published names, for `computed` of published_rows. -#}
{% macro columns_in_currency(source_name, names) -%}
    {%- set renamed = {} -%}
    {%- for name in names if in_currency(name) != name -%}
        {%- do renamed.update({in_currency(name): source_name ~ '.' ~ name}) -%}
    {%- endfor -%}
    {{ return(renamed) }}
{%- endmacro %}

{#- Values that are names, such as metrics, under their published names, for `computed` of published_rows. -#}
{% macro values_in_currency(source_name, column) -%}
    {%- if _currency_ending() == '_usd' -%}
        {{ return({}) }}
    {%- endif -%}
    {%- set value = source_name ~ '.' ~ column -%}
    {%- set renamed -%}
        case
            when right({{ value }}, 4) = '_usd'
                then left({{ value }}, length({{ value }}) - 4) || '{{ _currency_ending() }}'
            else {{ value }}
        end
    {%- endset -%}
    {{ return({column: renamed}) }}
{%- endmacro %}

{#- Values that are several names joined by ` / `, such as families of comparisons, in the same way. -#}
{% macro joined_values_in_currency(source_name, column) -%}
    {%- set ending = _currency_ending() -%}
    {%- if ending == '_usd' -%}
        {{ return({}) }}
    {%- endif -%}
    {%- set value = source_name ~ '.' ~ column -%}
    {%- set renamed -%}
        left(replace({{ value }} || ' / ', '_usd / ', '{{ ending }} / '), length({{ value }}))
    {%- endset -%}
    {{ return({column: renamed}) }}
{%- endmacro %}

{% macro _currency_ending() -%}
    {%- set code = var('currency') -%}
    {%- if code is not string or not modules.re.fullmatch('[A-Z]{3}', code) -%}
        {{ exceptions.raise_compiler_error(
            "The rule currency must be the ISO 4217 code of a currency, such as EUR (found '" ~ code
            ~ "'): correct it in the rules file."
        ) }}
    {%- endif -%}
    {{ return('_' ~ code | lower) }}
{%- endmacro %}
