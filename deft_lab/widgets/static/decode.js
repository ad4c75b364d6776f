// sources core/layout.js core/theme.js core/tree.js core/words.js decode/decode.css decode/film.js decode/layout.js decode/player.js decode/run.js decode/views.js widgets/decode.js build.mjs package-lock.json sha256 2956e7234cd7c33c
/*! contains Preact, MIT licence, Copyright (c) 2015-present Jason Miller */
var k,Le,ct,E,oe,z,Pe,W,Ce,re,se,ht,j=Symbol.for("pv"),V={},J=[],dt=/^m(i|n|o|s|text|space)$/,ae=Array.isArray,ie=J.slice,N=Object.assign;function C(e){e&&e.parentNode&&e.remove()}function h(e,t,n){var o,r,s,a={},l=arguments.length;for(s in t)s=="key"?o=t[s]:s=="ref"&&typeof e!="function"?r=t[s]:a[s]=t[s];return l>2&&(a.children=l>3?ie.call(arguments,2):n),B(e,a,o,r,null)}function B(e,t,n,o,r){var s={type:e,props:t,key:n,ref:o,__k:null,__:null,__b:0,__e:null,__c:null,constructor:j,__v:r||++Le,__i:-1,__u:0};return!r&&k.vnode&&k.vnode(s),s}function Q(e){return e.children}function R(e,t){this.props=e,this.context=t,this.__g=0}function L(e,t){if(t==null)return e.__&&L(e.__,e.__i+1);for(var n;t<e.__k.length;t++)if((n=e.__k[t])&&n.__e)return n.__e;return typeof e.type!="function"||e.props.__P?null:L(e)}function ut(e){var t,n=e.__v,o=n.__e,r=[],s=[],a=e.__P;a&&((t=N({constructor:j},n)).__v=n.__v+1,k.vnode&&k.vnode(t),le(a,t,n,e.__n,a.namespaceURI,32&n.__u?[o]:null,r,o||L(n),32&n.__u,s),t.__v=n.__v,t.__.__k[t.__i]=t,De(r,t,s),n.__=n.__e=null,t.__e!=o&&Ne(t))}function Ne(e){if((e=e.__)&&e.__c&&!e.props.__P)return e.__e=null,e.__k.some(function(t){return t&&(e.__e=t.__e)}),Ne(e)}function Oe(e){(8&e.__g||(e.__g|=8,E.push(e),z++))&&oe==k.debounceRendering||((oe=k.debounceRendering)||queueMicrotask)(Ie)}function Ie(){try{for(var e,t=1;E.length;)E.length>t&&E.sort(Pe),e=E.shift(),t=E.length,8&e.__g&&ut(e)}finally{(z=E.length)&&(oe||queueMicrotask)(Ie)}}function Be(e,t,n,o,r,s,a,l,d,_,c){var p,u,i,g,y,x,m=o.__k||J,b=t.length;for(d=pt(n,t,m,d,b),p=0;p<b;p++)(i=n.__k[p])!=null&&(u=~i.__i&&m[i.__i]||V,i.__i=p,x=le(e,i,u,r,s,a,l,d,_,c),g=i.__e,(u.ref!=i.ref||8&u.__u)&&(u.ref&&ce(u.ref,null,i,u),i.ref&&c.push(i.ref,i.__c||g,i)),y=y||g,4&i.__u?(d=je(i,d,e,!u.__v),u.__e&&(u.__e=null)):typeof i.type=="function"&&x!==void 0?d=x:g&&(d=g.nextSibling),i.__u&=-21);return n.__e=y,d}function pt(e,t,n,o,r){var s,a,l,d,_,c,p,u,i,g=n.length,y=g,x=0,m=0,b=e.__k=Array(r);for(s=0;s<r;s++)(a=t[s])!=null&&typeof a!="boolean"&&typeof a!="function"?(typeof a!="object"||a.constructor===String?a=b[s]=B(null,a):ae(a)?a=b[s]=B(Q,{children:a}):a.constructor===j&&a.__b?a=b[s]=B(a.type,a.props,a.key,a.ref,a.__v):b[s]=a,d=s+x,a.__=e,a.__b=e.__b+1,l=null,~(_=a.__i=ft(a,n,d,y))&&(y--,(l=n[_])&&(l.__u|=2)),l&&l.__v?(a.__u|=16,_==d-1?x--:_==d+1?x++:_!=d&&(_>d?x--:x++,m=1)):(~_||(r>g?x--:r<g&&x++),typeof a.type!="function"&&(a.__u|=4))):b[s]=null;if(m){for(c=[],p=[],s=0;s<r;s++)if((a=b[s])&&16&a.__u){for(x=0,u=c.length;x<u;)c[i=x+u>>1]<a.__i?x=i+1:u=i;c[x]=a.__i,p[s]=x+1}for(x=c.length;s--;)p[s]&&(p[s]==x?x--:b[s].__u|=4)}if(y)for(s=0;s<g;s++)!(l=n[s])||2&l.__u||(l.__e==o&&(o=L(l)),he(l,l));return o}function je(e,t,n,o){var r,s,a,l;if(typeof e.type=="function"){if(e.props.__P)return t;if(r=e.__k)for(s=0;s<r.length;s++)r[s]&&(r[s].__=e,t=je(r[s],t,n,!1));return t}for(t&&!t.parentNode&&(t=L(e))&&!t.parentNode&&(t=null),a=e.__e,l=t;l&&l.nodeType==8;)l=l.nextSibling;for(a!=l&&(!o&&n.moveBefore&&a.parentNode?n.moveBefore(a,t):n.insertBefore(a,t||null)),t=a;(t=t&&t.nextSibling)&&t.nodeType==8&&!t.data.startsWith("$s"););return t}function ft(e,t,n,o){var r,s=e.key,a=e.type,l=t[n],d=l&&!(2&l.__u);if(l===null&&s==null||d&&s==l.key&&a==l.type)return n;if(o>(d?1:0)){for(r=n-1;r>=0;r--)if((l=t[r])&&!(2&l.__u)&&s==l.key&&a==l.type)return r;for(r=n+1;r<t.length;r++)if((l=t[r])&&!(2&l.__u)&&s==l.key&&a==l.type)return r}return-1}function Ee(e,t,n){n==null&&(n=""),t[0]=="-"?e.setProperty(t,n):e[t]=n}function H(e,t,n,o,r){var s,a;if(t=="style")if(typeof n=="string")e.style.cssText=n;else{if(typeof o=="string"&&(e.style.cssText=o=""),o)for(t in o)n&&t in n||Ee(e.style,t);if(n)for(t in n)o&&n[t]==o[t]||Ee(e.style,t,n[t])}else if(t[0]=="o"&&t[1]=="n")typeof n!="function"&&(n=null),typeof o!="function"&&(o=null),(e.__e||(e.__e={}))[t]=n,n&&o||(a=se[t]||(se[t]=_t(t)),(e.__a||(e.__a={}))[t]=re,s=t!=(t=t.replace(Ce,"$1")),(t=t.slice(2))[0]<"a"&&(t=t.toLowerCase()),n?e.addEventListener(t,a,s):e.removeEventListener(t,a,s));else{if(r=="http://www.w3.org/2000/svg")t=t.replace(/xlink(H|:h)/,"h").replace(/sName$/,"s");else if(t!="width"&&t!="height"&&t!="href"&&t!="list"&&t!="form"&&t!="tabIndex"&&t!="download"&&t!="rowSpan"&&t!="colSpan"&&t!="role"&&t!="popover"&&t in e)try{return void(e[t]=n??"")}catch{}if(typeof n=="function")return;n==null||n===!1&&t[4]!="-"?e.removeAttribute(t):e.setAttribute(t,t=="popover"&&n==1?"":n)}}function _t(e){return function(t){var n=this.__e;if(n){if(n=n[e],t[W]==null)t[W]=re++;else if(t[W]<this.__a[e])return;return n(k.event?k.event(t):t)}}}function le(e,t,n,o,r,s,a,l,d,_){var c,p,u,i,g,y,x,m,b,$,f,v,ne,T,S,Te,O,P,A=t.type;if(t.constructor!==j)return null;128&n.__u&&(d=32&n.__u,c=n.__c.__z)&&(t.__u|=d,p=s=[],c.nodeType==8?l=K(c,s):s.push(c),l=s[0]||l),(c=k.__b)&&c(t);e:if(typeof A=="function"){u=a.length;try{if(m=t.props,b=(c=A.prototype)&&c.render,$=(c=A.contextType)&&o[c.__c],f=c?$?$.props.value:c.__:o,(i=n.__c)?(t.__c=i,2&i.__g&&(i.__g|=1)):(b?t.__c=i=new A(m,f):(t.__c=i=new R(m,f),i.constructor=A,i.render=yt),$&&$.sub(i),i.state||(i.state={}),i.__n=o,i.__g|=8,i.__h=[],i.__k=[]),b&&(i.__s||(i.__s=i.state),A.getDerivedStateFromProps&&(i.__s==i.state&&(i.__s=N({},i.__s)),N(i.__s,A.getDerivedStateFromProps(m,i.__s)))),g=i.props,y=i.state,i.__v=t,n.__c){if(m!==g&&b&&!A.getDerivedStateFromProps&&i.componentWillReceiveProps&&i.componentWillReceiveProps(m,f),t.__v==n.__v&&!(8&i.__g)||!(4&i.__g)&&i.shouldComponentUpdate&&i.shouldComponentUpdate(m,i.__s,f)===!1){t.__v!=n.__v&&(i.props=m,i.state=i.__s,i.__g&=-9),t.__e=n.__e,t.__k=n.__k,t.__k.some(function(M){M&&(M.__=t)}),J.push.apply(i.__h,i.__k),i.__k=[],i.__h.length&&a.push(i),l=L(n);break e}i.componentWillUpdate&&i.componentWillUpdate(m,i.__s,f),b&&i.componentDidUpdate&&i.__h.push(function(){i.componentDidUpdate(g,y,x)})}else b&&!A.getDerivedStateFromProps&&i.componentWillMount&&i.componentWillMount(),b&&i.componentDidMount&&i.__h.push(i.componentDidMount);i.context=f,i.props=m,i.__P=e,i.__g&=-5,v=k.__r,ne=b?25:0;do i.__g&=-9,v&&v(t),c=i.render(i.props,i.state=i.__s,i.context);while(8&i.__g&&++ne<25);b&&(J.push.apply(i.__h,i.__k),i.__k=[]),i.state=i.__s,i.getChildContext&&(o=N({},o,i.getChildContext())),b&&n.__c&&i.getSnapshotBeforeUpdate&&(x=i.getSnapshotBeforeUpdate(g,y)),T=c&&c.type===Q&&c.key==null?c.props.children:c,m.__P&&(c=l,r=(e=m.__P).namespaceURI,d=s=null,n.props&&n.props.__P!=e&&(n.__k.some(function(M){M&&he(M,M)}),n.__k=null),l=n.__k?L(n,0):null),l=Be(e,ae(T)?T:[T],t,n,o,r,s,a,l,d,_),m.__P&&(t.__e=null,l=c),t.__u&=-161,p&&p.some(C),i.__h.length&&a.push(i),1&i.__g&&(i.__g&=-4)}catch(M){if(a.length=u,t.__v=null,d||s)if(M&&M.then){if(t.__u|=128|d,s){for(~(O=s.indexOf(l||void 0))||(O=s.length);(P=s[O-1])&&P.nodeType==8;)O--;for(;O<s.length;O++)if(P=s[O])if(s[O]=null,S){if(P==Te)break}else{if(P.nodeType!=8)break;P.data.startsWith("$s")&&(Te=K(S=P))}}if(!S){for(;l&&l.nodeType==8&&l.nextSibling;)l=l.nextSibling;S=l}(c=K(S=t.__c.__z||(t.__c.__z=S)))?(t.__e=S,l=c):t.__e=l,l=l&&l.nextSibling}else s&&s.some(C);else t.__e=n.__e;t.__k||(t.__k=n.__k||[]),M&&M.then||qe(t),k.__e(M,t,n)}}else l=t.__e=gt(n.__e,t,n,o,r,s,a,d,_,e);return(c=k.diffed)&&c(t),l}function K(e,t){if(e&&e.nodeType==8&&e.data.startsWith("$s"))for(var n=1;e=e.nextSibling;){if(e.nodeType==8){if(e.data.startsWith("$s"))n++;else if(e.data.startsWith("/$s")&&!--n)return e}t&&t.push(e)}}function qe(e){e&&(e.__c&&(e.__c.__g|=4),e.__k&&e.__k.some(qe))}function De(e,t,n){for(var o=0;o<n.length;)ce(n[o++],n[o++],n[o++]);k.__c&&k.__c(t,e),e.some(function(r){try{e=r.__h,r.__h=[],e.some(function(s){s.call(r)})}catch(s){k.__e(s,r.__v)}})}function gt(e,t,n,o,r,s,a,l,d,_){var c,p,u,i,g,y,x,m,b=n.props||V,$=t.props,f=t.type;if(f=="svg"?r="http://www.w3.org/2000/svg":f=="math"?r="http://www.w3.org/1998/Math/MathML":r||(r="http://www.w3.org/1999/xhtml"),s){for(c=0;c<s.length;c++)if((g=s[c])&&(f?g.localName==f:g.nodeType==3)){e=g,s[c]=null;break}}if(!e){if(m=_.ownerDocument||document,!f)return m.createTextNode($);e=m.createElementNS(r,f,$.is?$:_),l&&(k.__m&&k.__m(t,s),l=!1),s=null}if(f){if(_=f=="template"&&e.content||e,s=f=="textarea"&&$.defaultValue!=null?null:s&&ie.call(_.childNodes),!l&&s)for(b={},c=0;c<e.attributes.length;c++)b[(g=e.attributes[c]).name]=g.value;for(c in b)g=b[c],c=="dangerouslySetInnerHTML"?u=g:c=="children"||c in $||c=="value"&&"defaultValue"in $||c=="checked"&&"defaultChecked"in $||H(e,c,null,g,r);for(c in $)g=$[c],c=="children"?i=g:c=="dangerouslySetInnerHTML"?p=g:c=="value"?y=g:c=="checked"?x=g:l&&typeof g!="function"||b[c]===g||H(e,c,g,b[c],r);p?(l||u&&(p.__html==u.__html||p.__html==e.innerHTML)||(e.innerHTML=p.__html),t.__k=[]):(u&&(e.textContent=""),(f=="foreignObject"||r=="http://www.w3.org/1998/Math/MathML"&&dt.test(f))&&(r="http://www.w3.org/1999/xhtml"),Be(_,ae(i)?i:[i],t,n,o,r,s,a,s?s[0]:n.__k&&L(n,0),l,d),s&&s.some(C)),l&&f!="textarea"||(c="value",f=="progress"&&y==null?e.removeAttribute(c):y==null||y===e[c]&&(f!="progress"||y)||H(e,c,y,b[c],r),c="checked",x!=null&&x!=e[c]&&H(e,c,x,b[c],r))}else b===$||l&&e.data==$||(e.data=$);return e}function ce(e,t,n,o){try{typeof e=="function"?t?t.__x=e(t)||1:o&&(o=o.__c||o.__e)&&(t=o.__x)&&(o.__x=null,typeof t=="function"?t():e(null)):e.current=t}catch(r){k.__e(r,n)}}function he(e,t,n){var o,r,s,a;if(k.unmount&&k.unmount(e),!(o=e.ref)||o.current&&o.current!=e.__e||ce(o,null,t,e),o=e.__c){if(o.componentWillUnmount)try{o.componentWillUnmount()}catch(l){k.__e(l,t)}o.__P=o.__n=null}if(o=e.__k)for(a=0;a<o.length;a++)o[a]&&he(o[a],t,typeof e.type!="function"||n&&!e.props.__P);!n&&(o=e.__c)&&(o=o.__z)&&(r=K(o,s=[]))&&(o==e.__e&&s.some(C),C(r),C(o)),n||C(e.__e),e.__e=e.__c=e.__=null}function yt(e,t,n){return this.constructor(e,n)}function de(e,t){var n,o,r,s;k.__&&k.__(e,t),t.nodeType==9&&(t=t.documentElement),o=(n=e&&32&e.__u)?null:t.__k,t.__k=B(Q,{children:[e]}),r=[],s=[],le(t,t.__k,o||V,V,t.namespaceURI,o?null:t.firstChild?ie.call(t.childNodes):null,r,o?o.__e:t.firstChild,n,s),De(r,t.__k,s),t.__k.props.children=null}k={__e:function(e,t,n,o){for(var r,s,a;t=t.__;)if((r=t.__c)&&!(1&r.__g)){r.__g|=4;try{if((a=(s=r.constructor)&&s.getDerivedStateFromError)&&r.setState(s.getDerivedStateFromError(e)),r.componentDidCatch&&(r.componentDidCatch(e,o||{}),a=1),a&&8&r.__g)return void(r.__g|=2)}catch(l){e=l}}throw z=0,e}},Le=0,ct=function(e){return e!=null&&e.constructor===j},R.prototype.setState=function(e,t){var n=this.__s;n&&n!=this.state||(n=this.__s=N({},this.state)),typeof e=="function"&&(e=e(N({},n),this.props)),e&&(N(n,e),this.__v&&(t&&this.__k.push(t),Oe(this)))},R.prototype.forceUpdate=function(e){this.__v&&(this.__g|=4,e&&this.__h.push(e),Oe(this))},R.prototype.render=Q,E=[],z=0,Pe=function(e,t){return e.__v.__b-t.__v.__b},W=Symbol(),Ce=/(PointerCapture)$|Capture$/i,re=0,se={},ht=0;function Fe(e){return Number.isInteger(e)?Math.abs(e)<1e3?String(e):String(e).replace(/\B(?=(\d{3})+$)/g,","):e.toLocaleString("en-US")}var G=Fe;function He(e,t){let n=e*2**(t+1),o=Number.isInteger(n)&&n%2!==0,r=Math.floor(e*10**t),s=o?(r+(r%2===0?0:1))/10**t:e,[a,l]=s.toFixed(t).split("."),d=a.replace(/\B(?=(\d{3})+$)/g,",");return l?`${d}.${l}`:d}var X=e=>He(e,2),Ue=["B","kB","MB","GB","TB"];function Y(e){if(e<1e3)return`${Math.round(e)} B`;let t=1;for(;t<Ue.length-1&&e>=999.95*1e3**t;)t+=1;let n=e/1e3**t,o=n<99.995?2:1;return`${He(n,o)} ${Ue[t]}`}function I(e,t){let n=e.length;for(let[o,r,s]of e.runs)n+=r*Math.max(0,Math.min(s,t-o+1));return n}var q=(e,t)=>e.born<=t&&(e.died===null||t<e.died),ue=(e,t)=>e.spans.some(([n,o])=>n<=t&&(o===null||t<o)),pe=(e,t)=>e.pieces.slice(0,I(e,t)).join("");function Re(e,t){if(t===0||!q(e,t))return 0;let n=e.born<t?I(e,t-1):0;return Array.from(e.pieces.slice(n,I(e,t)).join("")).length}function Ke(e,t){let n=new Array(e.n_pages).fill(null),o=new Map(e.nodes.map(r=>[r.label,r]));for(let[r,s,a,l,d]of e.takes){if(l>t||d!==null&&t>=d)continue;let _=I(o.get(s),t)-a*e.page_size;n[r]={label:s,full:Math.min(e.page_size,_)/e.page_size}}return n}function D(e,t,n){let o=e.bytes[t];return{ours:o[e.method[0]][n],theirs:o[e.baseline[0]][n]}}function Z(e,t,n){if(!q(t,n))return`n${t.label} has just been pruned`;let o=I(t,n),r=Math.ceil(o/e.page_size),s=pe(t,n).replaceAll(`
`,"\u21B5"),a=s?`: \u201C${s.length>90?`\u2026${s.slice(-89)}`:s}\u201D`:"",l=ue(t,n)?", decodes now":"";return`n${t.label}: ${We(o,"token")} in ${We(r,"page")}${l}${a}`}var We=(e,t)=>`${e.toLocaleString("en-US")} ${t}${e===1?"":"s"}`;function fe(e){let t=e.marks.map(([n])=>n);return t.length<=9?t:[...Array(9).keys()].map(n=>t[Math.round(n*(t.length-1)/8)])}function ze(e,t,n){if(e.ctrlKey||e.metaKey||e.altKey)return null;let o=r=>Math.max(0,Math.min(n.n_steps,r));return e.key===" "?o(t+(e.shiftKey?-1:1)):e.key==="ArrowRight"||e.key==="ArrowDown"?o(t+1):e.key==="ArrowLeft"||e.key==="ArrowUp"?o(t-1):e.key==="PageDown"?o(t+10):e.key==="PageUp"?o(t-10):e.key==="Home"?0:e.key==="End"?n.n_steps:/^[1-9]$/.test(e.key)?fe(n)[Number(e.key)-1]??null:null}var ye=6.65,[xe,be,mt]=[15,14,6],[_e,ee,F,me]=[7,26,14,14],[ge,xt]=[10,420],bt=[[6,5],[10,3],[16,2]],wt=8,kt=240,we=e=>Array.from(e);function $t(e,t){let n=[],o=we(e);for(;o.length>t;){let r=o.slice(0,t+1).lastIndexOf(" "),s=r>0?r+1:t;n.push(o.slice(0,s).join("")),o=o.slice(s)}return o.length?[...n,o.join("")]:n}function ke(e){let t=new Map;for(let{label:n,parent:o}of e.nodes)t.set(n,o===null?0:t.get(o)+1);return e.nodes.map(({label:n})=>t.get(n))}function $e(e,t){let n=ke(e),o=new Array(Math.max(...n)+1).fill(ge);e.nodes.forEach((l,d)=>{let _=l.pieces.reduce((c,p)=>c+we(p).length,0);o[n[d]]=Math.max(o[n[d]],Math.min(xt,_))});let r=Math.trunc((t-2*F-ee*(o.length-1)-me*o.length)/ye),s=new Array(o.length).fill(ge),a=o.map((l,d)=>d);for(;a.length;){let l=r-s.reduce((p,u,i)=>p+(a.includes(i)?0:u),0),d=a.reduce((p,u)=>p+Math.sqrt(o[u]),0),_=new Map(a.map(p=>[p,Math.trunc(l*Math.sqrt(o[p])/d)])),c=a.filter(p=>o[p]<=_.get(p));for(let p of c.length?c:a)s[p]=Math.max(ge,c.length?o[p]:_.get(p));a=c.length?a.filter(p=>!c.includes(p)):[]}return s}function vt(e,t){let n=e.nodes.filter(r=>r.died===t&&r.born<t),o=new Set(n.length<=wt?n:[]);return e.nodes.flatMap((r,s)=>q(r,t)||o.has(r)?[s]:[]).slice(0,kt)}function Mt(e){let t=e.queries.reduce((n,o)=>Math.max(n,o),0);return bt.find(([n])=>t<=n)?.[1]??1}function St(e,t,n,o){let r=$t(pe(e,t).replaceAll(`
`,"\u21B5"),n);if(r.length<=o)return r;let[s,...a]=r.slice(-o);return[`\u2026${we(s).slice(1).join("")}`,...a]}function ve(e,t,n,o=ke(e)){let r=vt(e,t),s=Mt(e),a=n.map((u,i)=>F+n.slice(0,i).reduce((g,y)=>g+ye*y+me+ee,0)),l=new Map(e.nodes.map(({label:u},i)=>[u,i])),d=new Map;for(let u of r){let i=e.nodes[u],g=St(i,t,n[o[u]],s),y=xe+be*g.length+mt,x=!q(i,t),m=i.parent===null?null:d.get(l.get(i.parent))??null,b={node:u,x:a[o[u]],y:0,width:ye*n[o[u]]+me,height:y,lines:g,new:Re(i,t),ghost:x,parent:m,kids:[]};m?.kids.push(b),d.set(u,b)}let _=[...d.values()];for(let u of[..._].reverse())u.below=u.kids.length?u.kids.reduce((i,g)=>i+g.whole+_e,-_e):0,u.whole=Math.max(u.height,u.below);_[0].top=F;for(let u of _){u.y=u.top+(u.whole-u.height)/2;let i=u.top+(u.whole-u.below)/2;for(let g of u.kids)g.top=i,i+=g.whole+_e}let c=Math.max(..._.map(u=>u.x+u.width)),p=Math.max(..._.map(u=>u.y+u.height));return{boxes:_,width:c+F,height:p+F}}var Ve=new WeakMap;function Je(e,t){let n=Ve.get(e);if(n?.width===t)return n.height;let[o,r]=[$e(e,t),ke(e)],s=Math.max(1,Math.ceil(e.n_steps/60)),a=0;for(let l=0;l<=e.n_steps;l+=s)a=Math.max(a,ve(e,l,o,r).height);return Ve.set(e,{width:t,height:a}),a}var w=e=>Math.round(e*100)/100;var te=["#56B4E9","#E69F00","#009E73","#CC79A7","#0072B2","#D55E00","#F0E442"],Me=["","M-1,5L5,-1M3,9L9,3","M-1,3L5,9M3,-1L9,5"],Qe="#111111",Ge="#FFFFFF";function Xe(e){let t=[1,3,5].map(n=>{let o=parseInt(e.slice(n,n+2),16)/255;return o<=.04045?o/12.92:((o+.055)/1.055)**2.4});return .2126*t[0]+.7152*t[1]+.0722*t[2]}function Ye(e,t){let[n,o]=[Xe(e),Xe(t)].sort((r,s)=>r-s);return(o+.05)/(n+.05)}var Ze=e=>Ye(Qe,e)>=Ye(Ge,e)?Qe:Ge;var U=13;function Se(e,t){if(t===e.nodes[0].label)return{color:0,hatch:0};let n=t-1,o=te.length-1;return{color:1+n%o,hatch:Math.floor(n/o)%Me.length}}function et({id:e,film:t,labels:n}){let o=new Map(n.map(r=>Se(t,r)).filter(r=>r.hatch).map(r=>[`${r.color}${r.hatch}`,r]));return h("defs",null,[...o].map(([r,{color:s,hatch:a}])=>h("pattern",{key:r,id:`${e}-${r}`,width:8,height:8,patternUnits:"userSpaceOnUse"},h("rect",{width:8,height:8,fill:te[s]}),h("path",{d:Me[a],fill:"none",stroke:Ze(te[s]),"stroke-width":1.1,"stroke-opacity":.5}))))}var tt=(e,{color:t,hatch:n})=>n?{fill:`url(#${e}-${t}${n})`}:void 0;function nt({id:e,film:t,step:n,width:o,hover:r,setHover:s}){let a=ve(t,n,$e(t,o)),l=Math.max(o,a.width);return h("svg",{role:"img","aria-label":`The tree at step ${n}. ${t.sentences[n]}`,width:l,height:a.height,viewBox:`0 0 ${w(l)} ${w(a.height)}`},h(et,{id:e,film:t,labels:a.boxes.map(d=>t.nodes[d.node].label)}),a.boxes.filter(d=>d.parent).map(d=>h("path",{key:`l${d.node}`,class:"link",d:At(d.parent,d),"stroke-dasharray":d.ghost?"3 3":void 0})),a.boxes.map(d=>h(Tt,{key:d.node,id:e,film:t,step:n,box:d,hover:r,setHover:s})))}function At(e,t){let[n,o,r,s]=[e.x+e.width,e.y+e.height/2,t.y+t.height/2,ee/2];return`M${w(n)},${w(o)}C${w(n+s)},${w(o)} ${w(n+s)},${w(r)} ${w(t.x)},${w(r)}`}function Tt({id:e,film:t,step:n,box:o,hover:r,setHover:s}){let a=t.nodes[o.node],l=Se(t,a.label),d=r===a.label,_=I(a,n).toLocaleString("en-US");return h("g",{"data-node":a.label,class:o.ghost?"ghost":"",onPointerEnter:()=>s?.(a.label),onPointerLeave:()=>s?.(null)},h("title",null,Z(t,a,n)),h("rect",{class:`box${d?" lit":""}`,x:w(o.x),y:w(o.y),width:w(o.width),height:w(o.height),rx:3}),h("rect",{class:`c${l.color}`,style:tt(e,l),x:w(o.x),y:w(o.y),width:5,height:w(o.height)}),h("text",{class:"name",x:w(o.x+9),y:w(o.y+11)},o.ghost?`n${a.label} \xB7 pruned`:`n${a.label} \xB7 ${_}`),h(Ot,{box:o}),!o.ghost&&ue(a,n)&&h("circle",{class:"seat",cx:w(o.x+o.width+5),cy:w(o.y+o.height/2),r:3}))}function Ot({box:e}){let t=e.lines.reduce((n,o)=>n+Array.from(o).length,0);return e.lines.map((n,o)=>{let r=Array.from(n),s=Math.max(0,Math.min(r.length,t-e.new));return t-=r.length,h("text",{key:o,class:"mono",x:w(e.x+9),y:w(e.y+xe+be*(o+1)-3),"xml:space":"preserve"},r.slice(0,s).join(""),s<r.length&&h("tspan",{class:"new"},r.slice(s).join("")))})}function ot({id:e,film:t,step:n,width:o,hover:r,setHover:s}){let a=Ke(t,n),l=Math.max(1,Math.floor((o-8)/U)),d=a.filter(Boolean).length,_=U*Math.ceil(t.n_pages/l)+2;return h("svg",{role:"img","aria-label":`KV memory: ${d} of ${t.n_pages} pages are taken.`,width:o,height:_,viewBox:`0 0 ${o} ${_}`},h(et,{id:e,film:t,labels:[...new Set(a.filter(Boolean).map(({label:c})=>c))]}),a.map((c,p)=>{let[u,i]=[4+U*(p%l),1+U*Math.floor(p/l)],g=U-2;if(!c)return h("rect",{key:p,class:"free",x:u,y:i,width:g,height:g});let y=Se(t,c.label),x=Math.max(3,c.full*g);return h("g",{key:p,"data-node":c.label,onPointerEnter:()=>s?.(c.label),onPointerLeave:()=>s?.(null)},h("title",null,`page ${p}: n${c.label}, ${Math.round(c.full*t.page_size)} of ${t.page_size} slots`),h("rect",{class:"free",x:u,y:i,width:g,height:g}),h("rect",{class:`c${y.color}${r===c.label?" lit":""}`,style:tt(e,y),x:u,y:w(i+g-x),width:g,height:w(x)}))}))}function st({film:e,account:t,step:n,width:o}){let{ours:r,theirs:s}=D(e,t,n),a=Math.max(1,...Object.values(D(e,t,e.n_steps))),l=(_,c,p)=>h("div",{class:"deft-bytes-row"},h("span",{class:"who"},c),h("span",{class:"track"},h("span",{class:`bar ${_}`,style:{width:`${100*p/a}%`}})),h("span",{class:"value"},Y(p))),d=r?`${X(s/r)} times as many bytes without the tree`:"no decode yet";return h("div",{class:"deft-bytes"},l("ours",e.method[1],r),l("theirs",e.baseline[1],s),h("p",{class:"ratio"},d),h(Et,{film:e,account:t,step:n,width:o}))}function Et({film:e,account:t,step:n,width:o}){let[r,s]=[70,Math.max(1,e.n_steps)],a=Math.max(1,...Object.values(D(e,t,e.n_steps))),l=u=>4+(o-8)*u/s,d=u=>r-3-(r-8)*u/a,_=Math.max(1,Math.ceil(s/200)),c=u=>`M${e.bytes[t][u].flatMap((g,y)=>y%_===0||y===e.n_steps?[`${w(l(y))},${w(d(g))}`]:[]).join("L")}`,p=D(e,t,n);return h("svg",{role:"img","aria-label":`Bytes of all decodes so far, over the steps; at step ${n}: ${Y(p.ours)} against ${Y(p.theirs)}.`,width:o,height:r,viewBox:`0 0 ${o} ${r}`},h("path",{class:"axis",d:`M4,${r-2.5}H${o-4}`}),h("path",{class:"axis now",d:`M${w(l(n))},2V${r-3}`}),h("path",{class:"curve theirs",d:c(e.baseline[0])}),h("path",{class:"curve ours",d:c(e.method[0])}),h("circle",{class:"spot theirs",cx:w(l(n)),cy:w(d(p.theirs)),r:3.5}),h("circle",{class:"spot ours",cx:w(l(n)),cy:w(d(p.ours)),r:3.5}))}var rt=`/* the decode player: the tree with its texts, the pool, the bytes, and the live decode */
.deft-decode {
  max-width: 1100px;
}
.deft-decode h4 {
  margin: 12px 0 4px;
  font-size: 12px;
  font-weight: 600;
  color: var(--deft-ink);
}
.deft-decode p {
  margin: 0 0 4px;
  color: var(--deft-ink);
}
.deft-decode .deft-note {
  padding-left: 8px;
  border-left: 3px solid var(--deft-mark);
}
.deft-decode .deft-sentence {
  min-height: 2.9em;
}
.deft-decode .deft-under {
  min-height: 1.4em;
  color: var(--deft-muted);
  overflow: hidden;
  white-space: nowrap;
  text-overflow: ellipsis;
}
.deft-decode-tree {
  max-height: 440px;
  overflow: auto;
}
.deft-decode-tree svg,
.deft-decode svg {
  display: block;
}
.deft-decode svg .box {
  fill: var(--deft-faint);
  stroke: none;
}
.deft-decode svg .box.lit {
  stroke: var(--deft-ink);
  stroke-width: 1.5;
}
.deft-decode svg .ghost .box {
  fill: none;
  stroke: var(--deft-line);
  stroke-width: 1;
  stroke-dasharray: 3 3;
}
.deft-decode svg .ghost text {
  fill: var(--deft-muted);
}
.deft-decode svg .name {
  font-weight: 600;
}
.deft-decode svg .mono {
  font: 11px var(--deft-mono);
  white-space: pre;
}
.deft-decode svg .new {
  font-weight: 700;
  text-decoration: underline;
}
.deft-decode svg .free {
  fill: var(--deft-faint);
}
.deft-decode svg .axis {
  fill: none;
  stroke: var(--deft-line);
}
.deft-decode svg .now {
  stroke-dasharray: 2 2;
}
.deft-decode svg .curve {
  fill: none;
  stroke-width: 2;
}
.deft-decode svg .curve.ours { stroke: var(--deft-e4); }
.deft-decode svg .curve.theirs { stroke: var(--deft-e5); stroke-dasharray: 6 3; }
.deft-decode svg .spot.ours { fill: var(--deft-e4); }
.deft-decode svg .spot.theirs { fill: var(--deft-e5); }
.deft-bytes-row {
  display: grid;
  grid-template-columns: 9.5em 1fr 6.5em;
  gap: 8px;
  align-items: center;
  margin: 2px 0;
}
.deft-bytes .track {
  display: block;
  height: 12px;
  background: var(--deft-faint);
}
.deft-bytes .bar {
  display: block;
  height: 12px;
}
.deft-bytes .bar.ours { background: var(--deft-e4); }
.deft-bytes .bar.theirs {
  background: repeating-linear-gradient(135deg, var(--deft-e5) 0 6px, transparent 6px 8px);
}
.deft-bytes .value {
  font-weight: 600;
  text-align: right;
}
.deft-decode .ratio {
  margin: 2px 0 6px;
}
.deft-decode .deft-scrub {
  margin-top: 8px;
}
.deft-marks {
  position: relative;
  height: 17px;
  margin: 0 8px;
}
.deft-marks span {
  position: absolute;
  width: 13px;
  margin-left: -6px;
  padding-top: 5px;
  font-size: 10.5px;
  line-height: 12px;
  text-align: center;
  color: var(--deft-muted);
  cursor: pointer;
}
.deft-marks span::before {
  content: "";
  position: absolute;
  top: 0;
  left: 6px;
  height: 5px;
  border-left: 1px solid var(--deft-line);
}
.deft-marks span.prune::before {
  border-left-style: dotted;
}
.deft-decode .deft-transport {
  margin-top: 4px;
}
.deft-decode td.good { color: var(--deft-good); }
.deft-decode td.bad { color: var(--deft-bad); font-weight: 600; }
.deft-decode .deft-live {
  display: flex;
  flex-wrap: wrap;
  gap: 4px 12px;
  align-items: center;
  margin: 4px 0 8px;
  padding: 6px 8px;
  border: 1px solid var(--deft-line);
  border-radius: 4px;
}
.deft-decode .deft-live p {
  margin: 0;
}
.deft-decode .deft-live details {
  flex-basis: 100%;
  margin-top: 2px;
}
.deft-decode .deft-go {
  font-weight: 600;
}
@media print {
  .deft-decode .deft-scrub,
  .deft-decode .deft-transport,
  .deft-decode .deft-live button,
  .deft-decode details {
    display: none;
  }
  .deft-decode-tree {
    max-height: none;
  }
}
`;var Pt=[.5,1,2,4,8],Ct=440,Nt=[["Space","next step"],["Shift-Space","step before"],["\u2190 \u2192","back and forth"],["PageUp PageDown","ten steps"],["Home End","first and last"],["1 \u2026 9","forks and prunes"],["P","play or pause"]];function Ae({id:e,film:t,step:n,account:o,theme:r,live:s={},playing:a,speed:l,width:d=800,hover:_=null,moves:c}){let p=Math.min(n,t.n_steps),u=Math.max(240,d-26),i=_===null?void 0:t.nodes.find(({label:y})=>y===_),g={film:t,step:p,width:u,hover:_,setHover:c.hover};return h("section",{class:"deft deft-played deft-decode","data-theme":r,tabIndex:0,"aria-label":`${t.title}, step by step`,"data-lm-suppress-shortcuts":"true",onKeyDown:c.key},h("style",null,rt),h("h3",null,t.title),t.note?h("p",{class:"deft-note"},t.note):null,s.state?h(Bt,{live:s,moves:c}):null,h("p",{class:"deft-sentence",role:"status","aria-live":a||s.state==="running"?"off":"polite"},h("b",null,`Step ${p}. `),t.sentences[p]),h("div",{class:"deft-decode-tree",tabIndex:0,role:"region","aria-label":"The tree with its texts",style:{minHeight:`${Math.min(Ct,Je(t,u))}px`}},h(nt,{...g,id:`${e}t`})),h("p",{class:"deft-under"},i?Z(t,i,p):"Point at a node or a page to see what it holds."),h("h4",null,"KV memory"),h("p",{class:"deft-line"},It(t,p)),h(ot,{...g,id:`${e}p`}),h("h4",null,h("label",{for:`${e}-account`},"Bytes of all decodes so far, account "),h("select",{id:`${e}-account`,onChange:y=>c.account(y.target.value)},Object.keys(t.bytes).map(y=>h("option",{value:y,selected:y===o},y)))),h(st,{film:t,account:o,step:p,width:u}),h(jt,{id:e,film:t,step:p,moves:c}),h(qt,{id:e,film:t,step:p,playing:a,speed:l,moves:c}),h(Dt,{film:t}),h("details",null,h("summary",null,"Keys"),h("p",null,Nt.flatMap(([y,x],m)=>[m?", ":"",h("kbd",null,y),` ${x}`]),"; they work while the player has the focus.")))}function It(e,t){let[n,o]=[e.stored[t],e.copies[t]],r=o>n?`; a copy for each branch would hold ${G(o)}, ${X(o/n)} times as many`:"";return`${G(n)} tokens stored, in pages of ${e.page_size}${r}.`}function Bt({live:e,moves:t}){let n=e.state==="running"||e.state==="checking";return h("div",{class:`deft-live ${e.state}`},h("button",{type:"button",class:"deft-go",onClick:n?t.stop:t.decode},n?"\u25A0 Stop":e.state==="ready"?"\u25B6 Decode":"\u21BB Decode again"),h("p",{role:"status"},e.words),e.checks?.length?h("details",{open:!0},h("summary",null,"Tree against sequential, branch by branch"),h("div",{class:"deft-table",tabIndex:0,role:"region","aria-label":"Tree against sequential"},h("table",null,h("thead",null,h("tr",null,["branch","tokens","same tokens","largest difference of logits",""].map(o=>h("th",{scope:"col"},o)))),h("tbody",null,e.checks.map(o=>h("tr",{key:o.leaf},h("td",null,`n${o.leaf}`),h("td",null,o.tokens),h("td",null,o.same),h("td",null,o.difference.toExponential(1)),h("td",{class:o.equal?"good":"bad"},o.equal?"\u2713 equal":"\u2717 differs"))))))):null)}function jt({id:e,film:t,step:n,moves:o}){let r=Math.max(1,t.n_steps),s=fe(t);return h("div",{class:"deft-scrub"},h("input",{type:"range",id:`${e}-scrub`,min:0,max:t.n_steps,value:n,"aria-label":"Step","aria-valuetext":`step ${n} of ${t.n_steps}`,onInput:a=>o.go(a.target.valueAsNumber)}),h("div",{class:"deft-marks","aria-hidden":"true"},t.marks.map(([a,l,d])=>h("span",{key:a,class:l,title:`step ${a}: ${d}`,style:{left:`${100*a/r}%`},onClick:_=>o.go(a,_)},s.includes(a)?s.indexOf(a)+1:""))))}function qt({id:e,film:t,step:n,playing:o,speed:r,moves:s}){let a=t.n_steps,l=(d,_,c)=>h("button",{type:"button","aria-label":d,title:d,disabled:c===n,onClick:p=>s.go(c,p)},_);return h("div",{class:"deft-transport"},l("First step","|\u25C0",0),l("Step before","\u25C0",Math.max(0,n-1)),h("button",{type:"button","aria-pressed":String(o),onClick:s.play},o?"\u275A\u275A Pause":"\u25B6 Play"),l("Next step","\u25B6",Math.min(a,n+1)),l("Last step","\u25B6|",a),h("label",{for:`${e}-speed`},"Speed"),h("select",{id:`${e}-speed`,onChange:d=>s.speed(Number(d.target.value))},Pt.map(d=>h("option",{value:d,selected:d===r},`${d}\xD7`))),h("span",{class:"deft-count"},`step ${n} of ${a}`))}function Dt({film:e}){let t=e.sentences.map((n,o)=>h("tr",{key:o},h("td",null,o),h("td",null,n),h("td",null,G(e.copies[o]))));return h("details",null,h("summary",null,"All steps as a table"),h("div",{class:"deft-table",tabIndex:0,role:"region","aria-label":"All steps"},h("table",null,h("thead",null,h("tr",null,["step","what happens","tokens with a copy per branch"].map(n=>h("th",{scope:"col"},n)))),h("tbody",null,t))))}var at=["film","step","account","theme","live"],it=400;function lt({model:e,el:t}){let n=`deft-decode-${Math.random().toString(36).slice(2)}`,[o,r,s,a,l,d]=[!1,1,null,null,800,null],_=f=>e.get(f);function c(f,v){_(f)!==v&&(e.set(f,v),e.save_changes())}function p(f){c("step",Math.max(0,Math.min(_("film").n_steps,f))),m()}function u(){_("step")>=_("film").n_steps?i():p(_("step")+1)}function i(){clearInterval(s),[o,s]=[!1,null],m()}function g(){if(o)return i();_("step")===_("film").n_steps&&p(0),o=!0,s=setInterval(u,it/r),m()}let y=f=>f?.detail&&t.querySelector(".deft-decode")?.focus({preventScroll:!0}),x={go(f,v){p(f),y(v)},play(f){g(),y(f)},speed(f){r=f,o&&(clearInterval(s),s=setInterval(u,it/r)),m()},account:f=>c("account",f),hover(f){a!==f&&(a=f,m())},decode(){o&&i(),e.send({type:"decode"})},stop:()=>e.send({type:"stop"}),key(f){let v=f.target.tagName;if(v==="SELECT"||(v==="BUTTON"||v==="SUMMARY")&&(f.key===" "||f.key==="Enter")||(f.target.classList.contains("deft-decode-tree")||f.target.classList.contains("deft-table"))&&/^(Arrow|Page|Home|End)/.test(f.key))return;let T=f.key.toLowerCase()==="p"&&!f.ctrlKey&&!f.metaKey&&!f.altKey,S=T?null:ze(f,_("step"),_("film"));!T&&S===null||(f.preventDefault(),f.stopPropagation(),T?g():p(S))}};function m(){d??=requestAnimationFrame(()=>{d=null;let f=Object.fromEntries(at.map(v=>[v,_(v)]));de(h(Ae,{id:n,...f,playing:o,speed:r,width:l,hover:a,moves:x}),t)})}let b=new ResizeObserver(([f])=>{let v=Math.min(1100,Math.round(f.contentRect.width));!v||Math.abs(v-l)<4||(l=v,m())});b.observe(t);let $=at.map(f=>`change:${f}`);return $.forEach(f=>e.on(f,m)),m(),()=>{clearInterval(s),cancelAnimationFrame(d),b.disconnect(),$.forEach(f=>e.off(f,m)),de(null,t)}}var yn={render:e=>lt(e)};export{Ae as DecodeView,yn as default};
